"""Settings are read from one file, and each mistake in it is named with the file, the key and what to do."""

from pathlib import Path

import pytest

from sauma_services.runtime.errors import NeedsOperator
from sauma_services.runtime.loop import LoopSettings
from sauma_services.runtime.settings import Settings, load

GOOD = """
[machine]
data = "var"

[[connector]]
kind = "kela"
endpoints = ["kela"]
folder = "exchange/kela"
poll_seconds = 5
"""

KAFKA = """
[machine]
data = "var"

[log]
kind = "kafka"
bootstrap = "{}"
"""


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "sauma.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(NeedsOperator) as refused:
        read(tmp_path, text)
    return refused.value.reason


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD)

    assert settings.log.kind == "sqlite"
    assert settings.batch.for_loop() == LoopSettings()


def test_paths_start_from_the_settings_file_and_the_log_from_the_data_folder(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD)

    assert settings.machine.data == tmp_path / "var"
    assert settings.log_path == tmp_path / "var" / "log.sqlite3"
    assert settings.connector[0].folder == tmp_path / "exchange" / "kela"


def test_a_connector_has_keys_of_its_own(tmp_path: Path) -> None:
    (connector,) = read(tmp_path, GOOD).connector

    assert (connector.kind, connector.endpoints, connector.options) == ("kela", ("kela",), {"poll_seconds": 5})


@pytest.mark.parametrize(
    ("text", "key", "todo"),
    [
        ('[machine]\ndata = "var"\ndate = 1', "machine.date", "unknown key: remove it or correct its spelling"),
        ('[machine]\ndata = "var"\n[lag]\n', "lag", "unknown key"),
        ("[machine]\n", "machine.data", "missing: add it"),
        ("", "machine", "missing: add it"),
        ('[machine]\ndata = "var"\n[log]\nkind = "kafak"', "log.kind", "'sqlite' or 'kafka': correct it"),
        (KAFKA.format("127.0.0.1"), "log.bootstrap", "must be host:port, or several with commas between: correct it"),
        (KAFKA.format("a:1,b"), "log.bootstrap", "must be host:port"),
        ('[machine]\ndata = "var"\n[batch]\nrecords_max = 0', "batch.records_max", "correct it"),
        ('[machine]\ndata = "var"\n[[connector]]\nkind = "kela"', "connector.0.endpoints", "missing: add it"),
    ],
)
def test_a_mistake_is_named_with_file_key_and_what_to_do(tmp_path: Path, text: str, key: str, todo: str) -> None:
    reason = refusal(tmp_path, text)

    assert reason.startswith(f"{tmp_path / 'sauma.toml'}: {key}: ")
    assert todo in reason


@pytest.mark.parametrize("addresses", ["kafka:9092", "a.example:9092,b.example:9093", "[::1]:9092"])
def test_addresses_of_a_cluster(tmp_path: Path, addresses: str) -> None:
    assert read(tmp_path, KAFKA.format(addresses)).log.bootstrap == addresses


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    assert len(refusal(tmp_path, "[machine]\nfolder = 1\n").splitlines()) == 2


def test_a_wrong_value_is_not_repeated(tmp_path: Path) -> None:
    assert "hunter2" not in refusal(tmp_path, '[machine]\ndata = "var"\npassword = "hunter2"\n[log]\nkind = "hunter2"')


def test_what_is_not_toml_says_where(tmp_path: Path) -> None:
    assert "line 2" in refusal(tmp_path, "[machine]\ndata = \n")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NeedsOperator, match=r"nowhere\.toml: cannot be read"):
        load(tmp_path / "nowhere.toml")
