"""Finds the rules that a command is asked about, and the words to speak of them."""

import datetime
import re
from pathlib import Path
from typing import Annotated

import typer

from sauma.resources import load_laws
from sauma.rulefile import BEFORE_ANY, Laws, read_laws
from sauma_services.lawbook.question import moment_of
from sauma_services.lawbook.words import LANGUAGES, Words, words

LawOption = Annotated[
    str | None,
    typer.Option(
        "--law",
        help="a folder of rule files, one file, or a date: the rules in force then; else those that came with the code",
    ),
]
LanguageOption = Annotated[str, typer.Option("--language", help="fi, sv or en", metavar="LANGUAGE")]
OutputOption = Annotated[str, typer.Option("--output", help="text or json", metavar="FORMAT")]


def laws_in(place: Path | None) -> Laws:
    """The laws in a folder or in one file; those that came with the code where none is named. Raises `RuleFileError`."""
    if place is None:
        return load_laws()
    if not place.exists():
        raise typer.BadParameter(f"{place} does not exist: give a folder of rule files, or one rule file")
    files = sorted(place.glob("*.toml")) if place.is_dir() else [place]
    return read_laws({str(path): path.read_text(encoding="utf-8") for path in files})


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def laws_named(name: str | None) -> Laws:
    """The laws that a person named by a folder, a file or a date; those that came with the code where none is named."""
    if name is None or not _DATE.fullmatch(name):
        return laws_in(Path(name) if name else None)
    try:
        date = datetime.date.fromisoformat(name)
    except ValueError:
        raise typer.BadParameter(f"{name} is no date of the calendar") from None
    laws = load_laws()
    found = laws.at(moment_of(date))
    if found is BEFORE_ANY:
        raise typer.BadParameter(
            f"no rules are in force on {name}: the oldest here are from {laws.sets[0].in_force_from}"
        )
    return Laws((found,))


def words_of(language: str) -> Words:
    """The words of a language by its code."""
    if language not in LANGUAGES:
        raise typer.BadParameter(f"--language is one of {', '.join(LANGUAGES)}")
    return words(language)
