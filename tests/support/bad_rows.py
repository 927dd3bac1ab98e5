"""Puts into each agency's own files rows that cannot be used, with names and codes of persons where none belongs."""

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sauma_connectors.employment_area.wire import BackgroundRow, ReferralRow
from sauma_connectors.kela import wire as kela
from sauma_services.demo.cast import Client

NOTE = "Pelkää naapurin koiraa iltaisin"
AT = "2026-03-02T09:15:00.000Z"


def mistyped(person: Client) -> str:
    """The person's code with another check character: no code at all, and still enough to know the person by."""
    return person.henkilotunnus[:-1] + ("A" if person.henkilotunnus[-1] != "A" else "B")


def at_kela(folder: Path, person: Client) -> int:
    """Into Kela's lists; how many rows."""
    good = {"henkilotunnus": person.henkilotunnus, "kirjattu": AT}
    standing = {**good, "tila": "voimassa", "tarpeellinen": "TYO", "tarpeellisuus_kirjattu": AT, "paatelma": NOTE}
    columns = ("rivitunnus", "henkilotunnus", "kirjattu", "tila", "tarpeellinen", "tarpeellisuus_kirjattu")
    wrong = [*_wrong(person, *columns), {"vaikutus_kirjattu": NOTE}]
    lines = _lines(kela.LISTS["toimintakyky"], standing, wrong, "rivitunnus", "bad")
    lines += [_short(person), _latin(lines[-1], person), f'"bad-q";"{person.given_names}"{NOTE}"";"x"'.encode()]
    _insert(folder / "toimintakyky.csv", lines)
    referral = {**good, "kohde": "TYO", "kuntanumero": "837", "sukunimi": person.family_name}
    referral["etunimet"] = person.given_names
    asked = _lines(kela.LISTS["lahetteet"], referral, _wrong(person, "kohde", "kuntanumero"), "rivitunnus", "bad")
    _insert(folder / "lahetteet.csv", asked)
    # A quotation mark that is not closed: the whole list is one trouble.
    _insert(folder / "palvelutarve.csv", [f'"bad-o";"{person.henkilotunnus}";"{NOTE}'.encode()])
    return len(lines) + len(asked) + 1


def at_employment(folder: Path, person: Client) -> int:
    """Into an employment area's export; how many rows."""
    good = {"henkilotunnus": person.henkilotunnus, "kirjattu": AT, "suljettu": "E"}
    standing = {**good, "koulutus": NOTE, "tyohistoria": person.family_name, "osaaminen": person.given_names}
    columns = ("rivi", "henkilotunnus", "kirjattu", "muutettu", "valttamaton", "kasittelyluokka", "alkaa", "suljettu")
    lines = _lines(BackgroundRow.columns(), standing, _wrong(person, *columns), "rivi", "bad-t")
    lines += [_short(person), _latin(lines[-1], person)]
    _append(folder / "vienti" / "tausta.csv", lines)
    referral = {**good, "vaihe": "tehty", "kohde": "kela", "kuntakoodi": "297", "perustelu": NOTE}
    asked = _lines(ReferralRow.columns(), referral, _wrong(person, "vaihe", "lahete"), "rivi", "bad-l")
    _append(folder / "vienti" / "lahetteet.csv", asked)
    return len(lines) + len(asked)


def at_welfare(folder: Path, person: Client) -> list[Path]:
    """Resources beside a good one of the same register, in an area's export; their files."""
    (good,) = (folder / "out" / "Observation").glob("social-social-situation-*.json")
    resource = json.loads(good.read_text(encoding="utf-8"))
    resource["component"][0]["valueString"] = NOTE
    resource["subject"]["identifier"]["value"] = person.henkilotunnus
    bent: list[tuple[Sequence[str | int], Any]] = [
        (("status",), person.family_name),
        (("subject", "identifier", "value"), mistyped(person)),
        (("code", "coding", 0, "code"), person.henkilotunnus),
        (("meta", "lastUpdated"), person.given_names),
        (("meta", person.family_name), {person.henkilotunnus: None}),
        (("extension", 0, "extension", 0, "valueCode"), NOTE),
        (("extension", 0, "extension", 1, "valueInstant"), person.family_name),
    ]
    texts: dict[str, bytes] = {}
    for number, (path, value) in enumerate(bent):
        one = copy.deepcopy(resource)
        one["id"] = f"bad-{number}"
        inner = one
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
        texts[one["id"]] = json.dumps(one, ensure_ascii=False).encode()
    texts["cut-off"] = json.dumps(resource, ensure_ascii=False).encode()[:-40]
    texts["latin"] = json.dumps(resource, ensure_ascii=False).encode("latin-1")
    texts[person.henkilotunnus] = json.dumps({**resource, "id": person.henkilotunnus}).encode()
    texts[f"{person.family_name}.{person.given_names}"] = b"{}"
    return _put(folder / "out" / "Observation", texts)


def at_provider(folder: Path, person: Client) -> list[Path]:
    """Withdrawals, in a provider's folder; their files."""
    good = {"row": "bad", "henkilotunnus": person.henkilotunnus, "will": "0" * 32, "kind": "consent", "at": AT}
    bent = [
        {"row": person.henkilotunnus},
        {"henkilotunnus": mistyped(person)},
        {"at": person.family_name},
        {"kind": NOTE},
        {"will": f"{person.given_names} {person.family_name}"},
        {person.henkilotunnus: person.family_name},
    ]
    texts = {f"bad-{n}": json.dumps({**good, "row": f"bad-{n}", **one}).encode() for n, one in enumerate(bent)}
    texts["cut-off"] = json.dumps(good).encode()[:-9]
    texts[person.henkilotunnus] = person.family_name.encode()
    return _put(folder / "out" / "withdrawals", texts)


def _wrong(person: Client, *columns: str) -> list[dict[str, str]]:
    """One row a column with something of a person in it."""
    of_person = (person.henkilotunnus, person.family_name, person.given_names, NOTE)
    found = [{column: of_person[number % len(of_person)]} for number, column in enumerate(columns)]
    return [{c: mistyped(person) if c == "henkilotunnus" else v for c, v in one.items()} for one in found]


def _lines(
    columns: Sequence[str], good: Mapping[str, str], wrong: Iterable[Mapping[str, str]], key: str, name: str
) -> list[bytes]:
    rows = [{**dict.fromkeys(columns, ""), **good, key: f"{name}-{n}", **one} for n, one in enumerate(wrong)]
    return [";".join(f'"{row[column]}"' for column in columns).encode() for row in rows]


def _short(person: Client) -> bytes:
    return f'"bad-s";"{person.henkilotunnus}";"{person.family_name}";"{NOTE}"'.encode()


def _latin(line: bytes, person: Client) -> bytes:
    return line.replace(b'"bad', f'"{person.given_names}'.encode("latin-1"))


def _insert(path: Path, lines: Sequence[bytes]) -> None:
    """Into a list with a counting last line, which goes on being right."""
    rows, _, count = path.read_bytes().rpartition(f"{kela.TRAILER};".encode())
    body = b"".join(line + b"\r\n" for line in lines)
    path.write_bytes(rows + body + f"{kela.TRAILER};{int(count) + len(lines)}\r\n".encode())


def _append(path: Path, lines: Sequence[bytes]) -> None:
    with path.open("ab") as file:
        file.write(b"".join(line + b"\r\n" for line in lines))


def _put(folder: Path, texts: Mapping[str, bytes]) -> list[Path]:
    paths = [folder / f"{name}.json" for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_bytes(text)
    return paths
