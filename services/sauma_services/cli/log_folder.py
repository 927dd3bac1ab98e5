"""Finds and opens the log that a command looks at: by its configuration, or by the folder that holds it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from sauma_services.runtime.open_log import open_log
from sauma_services.runtime.ports import Reader
from sauma_services.runtime.settings import Settings, load

CONFIGURATION_NAME = "sauma.toml"

LogOption = Annotated[
    Path, typer.Option("--log", help=f"the configuration, or the folder that holds it as {CONFIGURATION_NAME}")
]


def settings_of(place: Path) -> Settings:
    """The settings in a configuration, or in the one that a folder holds."""
    if not place.is_dir():
        return load(place)
    inside = place / CONFIGURATION_NAME
    if not inside.exists():
        raise typer.BadParameter(f"{place} holds no {CONFIGURATION_NAME}: give the configuration itself with --log")
    return load(inside)


@contextmanager
def log_of(place: Path) -> Iterator[tuple[Settings, Reader]]:
    """The settings of a configuration and a reader of its log; writes nothing."""
    settings = settings_of(place)
    if settings.log.kind == "sqlite" and not settings.log_path.exists():
        raise typer.BadParameter(
            f"{settings.log_path} does not exist: give the configuration of a machine that has run"
        )
    opened = open_log(settings)
    try:
        yield settings, opened.reader()
    finally:
        opened.close()
