"""`sauma replay export` and `import`: a journal from one log into a file, and from a file into another log."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from sauma_services.cli.log_folder import LogOption, log_of, settings_of
from sauma_services.machine.places import places_of
from sauma_services.machine.topics_of import topics_of
from sauma_services.replay.journal_file import check_empty, read_journal, write_journal
from sauma_services.runtime.open_log import open_log
from sauma_services.runtime.ports import Log
from sauma_services.runtime.settings import Settings


def export_journal(file: Annotated[Path, typer.Argument(help="a new file")], *, log: LogOption) -> None:
    """Write the whole journal of a log at rest to a file. It holds what the log holds: sealed cells, and no keys."""
    with log_of(log) as (settings, reader):
        count = write_journal(reader, file, partitions=settings.log.partitions_or_default)
    typer.echo(f"{count} journal records written to {file}")


def import_journal(file: Annotated[Path, typer.Argument(help="what export wrote")], *, log: LogOption) -> None:
    """Append a file's journal to a log that has none. The router then makes the same deliveries and decisions of it."""
    settings = settings_of(log)
    with _opened(settings) as there:
        there.create(topics_of(settings, places_of(settings)))
        check_empty(there.reader(), partitions=settings.log.partitions_or_default)
        count = read_journal(file, there, partitions=settings.log.partitions_or_default)
    typer.echo(f"{count} journal records read from {file}")


@contextmanager
def _opened(settings: Settings) -> Iterator[Log]:
    opened = open_log(settings)
    try:
        yield opened
    finally:
        opened.close()
