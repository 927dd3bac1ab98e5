"""Where the texts are found: the checkout's own folder before any copy that an installation left."""

from pathlib import Path

import pytest

from sauma import resources


def test_the_checkouts_texts_are_read_and_no_copy() -> None:
    root = Path(__file__).parents[2]

    for kind, place in (("places", "places"), ("law", "law"), ("avro", "schemas/avro")):
        assert str(resources.folder(kind)) == str(root / place)
    assert (root / "places" / "merged.csv").read_text(encoding="utf-8") == resources.read_text("places", "merged.csv")


def test_a_wheels_texts_are_read_from_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "sauma"
    (package / "_law" / "fi").mkdir(parents=True)
    (package / "_law" / "fi" / "2026-05-01.toml").write_text("in_force_from = 2026-05-01\n", encoding="utf-8")
    monkeypatch.setattr(resources, "__file__", str(package / "resources.py"))
    monkeypatch.setattr(resources, "files", lambda name: tmp_path / "site-packages" / name)

    assert resources.names("law", "fi") == ("2026-05-01.toml",)
    assert resources.read_text("law", "fi", "2026-05-01.toml") == "in_force_from = 2026-05-01\n"


def test_an_unknown_kind_or_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        resources.read_text("recipes", "soup.txt")
    with pytest.raises(FileNotFoundError):
        resources.read_text("places", "soup.txt")
