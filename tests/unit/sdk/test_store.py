"""The store says nothing of people to whoever reads its file, belongs to one process, and is nobody else's to read."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from sauma_connectors.sdk.contract import Put, Retry, Unreadable
from sauma_connectors.sdk.errors import NeedsOperator
from sauma_connectors.sdk.local_key import local_key
from sauma_connectors.sdk.store import Store
from unit.sdk.desk import EMPLOYMENT, KELA, NAME, PERSON, Desk, Register, item


def _bytes_beside(path: Path) -> bytes:
    return b"".join(one.read_bytes() for one in sorted(path.parent.iterdir()))


def test_no_file_of_the_store_has_a_henkilotunnus_a_name_or_a_text(
    together: Desk, employment: Register, kela: Register
) -> None:
    canary = "kanarialintu laulaa"
    employment.says(f"rivi/{PERSON.henkilotunnus}", item(canary))
    kela.unreadable = [Unreadable("a.csv:1", "wrong-shape", "no goal")]
    kela.answers = {Put: Retry("locked")}  # so that deliveries wait in the store
    together.settle()
    assert together.runners[KELA].counts().inbox > 0

    data = _bytes_beside(together.store(KELA))

    assert len(data) > 10_000
    for secret in (PERSON.henkilotunnus, NAME, canary, "Työhönvalmennus", "Avoimet"):
        for encoding in ("utf-8", "utf-16-le"):
            assert secret.encode(encoding) not in data


def test_every_file_of_the_store_is_its_owners_alone(together: Desk) -> None:
    files = [path for path in together.store(KELA).parent.iterdir() if path.is_file()]

    assert {path.name.removeprefix("kela.") for path in files if path.name.startswith("kela.")} >= {
        "sqlite3",
        "sqlite3.key",
        "sqlite3.lock",
        "sqlite3-wal",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_second_runner_over_one_store_is_refused(together: Desk) -> None:
    with pytest.raises(NeedsOperator, match="another process"):
        Store(together.store(KELA))


def test_a_key_that_others_may_read_or_that_belongs_to_another_store_is_refused(tmp_path: Path) -> None:
    Store(tmp_path / "a.sqlite3").close()
    key = tmp_path / "a.sqlite3.key"
    key.chmod(0o644)
    with pytest.raises(NeedsOperator, match="chmod 600"):
        Store(tmp_path / "a.sqlite3")

    key.unlink()
    with pytest.raises(NeedsOperator, match="under the key beside it"):
        Store(tmp_path / "a.sqlite3")


def test_a_damaged_store_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    path.write_bytes(b"this is no database" * 100)
    path.chmod(0o600)

    with pytest.raises(NeedsOperator, match="move it away"):
        Store(path)


def test_sealing_twice_differs_and_hashes_of_different_uses_do_not_meet(tmp_path: Path) -> None:
    key = local_key(tmp_path / "key")

    assert key.seal("x") != key.seal("x")
    assert key.unseal(key.seal("x\ud800")) == "x\ud800"
    assert key.index("row", "x") != key.index("person", "x")
    assert key.index("row", "ab", "c") != key.index("row", "a", "bc")
    assert local_key(tmp_path / "key").index("row", "x") == key.index("row", "x")


def test_the_outbox_keeps_the_last_64_of_each_client(together: Desk, employment: Register) -> None:
    for number in range(100):
        employment.says(f"rivi-{number}", item(str(number)))
    together.settle()

    (count,) = together.runners[EMPLOYMENT]._store.row("SELECT count(*) FROM outbox") or (0,)

    assert count == 64


def test_a_transaction_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.sqlite3")

    def breaks() -> None:
        with store.writing():
            store.put_setting("a", "1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        breaks()
    assert store.setting("a") is None
    with store.writing():
        store.put_setting("a", "2")
    assert store.setting("a") == "2"
    store.close()


def test_a_statement_is_the_same_however_often_its_row_is_built(together: Desk, employment: Register) -> None:
    employment.says("rivi-1", item())
    together.settle()

    employment.says("rivi-1", replace(item()))

    assert not together.runners[EMPLOYMENT].poll()
