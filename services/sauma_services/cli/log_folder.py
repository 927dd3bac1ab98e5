"""Opens the log of a machine's data folder for reading, for commands that look at what has run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from sauma_services.runtime.open_log import open_log
from sauma_services.runtime.ports import Reader
from sauma_services.runtime.settings import Settings, load


@contextmanager
def log_of(folder: Path) -> Iterator[tuple[Settings, Reader]]:
    """The settings in the folder and a reader of its log; writes nothing."""
    settings = load(folder / "sauma.toml")
    if settings.log.kind == "sqlite" and not settings.log_path.exists():
        raise typer.BadParameter(f"{settings.log_path} does not exist: give the data folder of a machine that has run")
    opened = open_log(settings)
    try:
        yield settings, opened.reader()
    finally:
        opened.close()
