"""`sauma replay export` and `import`: a journal from one log into a file, and from a file into another log."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from sauma_services.cli.log_folder import LogOption, log_of, settings_of
from sauma_services.machine.places import places_of
from sauma_services.machine.share import endpoints_of
from sauma_services.machine.topics_of import topics_of
from sauma_services.replay.journal_file import check_empty, read_journal, write_journal
from sauma_services.replay.rest import Waiting, waiting
from sauma_services.runtime.errors import NeedsOperator
from sauma_services.runtime.open_log import open_log
from sauma_services.runtime.ports import Log
from sauma_services.runtime.settings import Settings


def export_journal(file: Annotated[Path, typer.Argument(help="a new file")], *, log: LogOption) -> None:
    """Write the whole journal of a log at rest to a file. It holds what the log holds: sealed cells, and no keys.

    Refused where something waits yet for intake or the router, or where the journal goes on meanwhile.
    """
    with log_of(log) as (settings, reader):
        partitions = settings.log.partitions_or_default
        _check_at_rest(waiting(reader, sources=endpoints_of(settings), partitions=partitions))
        count = write_journal(reader, file, partitions=partitions)
    typer.echo(f"{count} journal records written to {file}")


def import_journal(file: Annotated[Path, typer.Argument(help="what export wrote")], *, log: LogOption) -> None:
    """Append a file's journal to a log that has none. The router then makes the same deliveries and decisions of it."""
    settings = settings_of(log)
    with _opened(settings) as there:
        there.create(topics_of(settings, places_of(settings)))
        check_empty(there.reader(), partitions=settings.log.partitions_or_default)
        count = read_journal(file, there, partitions=settings.log.partitions_or_default)
    typer.echo(f"{count} journal records read from {file}")


def _check_at_rest(found: Waiting) -> None:
    """Raise NeedsOperator where anything waits.

    Refused, and not only told, since the new log is made of this file and of the connectors' stores as they are: what
    stands in an inbound topic alone is in no journal, and its connector has it for sent. Records that the router has not
    done would be in the file; but they are a sign of a machine that still runs and of more to come, which would not be.
    """
    if not found:
        return
    where = ", ".join(f"{count} in {topic}" for topic, count in sorted(found.inbound.items()))
    parts = [
        f"{sum(found.inbound.values())} records wait for intake ({where})" if where else "",
        f"{found.journal} journal records wait for the router" if found.journal else "",
    ]
    raise NeedsOperator(
        f"the log is not at rest: {' and '.join(part for part in parts if part)}. Without them the new log would lack"
        " something: let intake and router run until they have done it, stop all processes of this log, then export again"
    )


@contextmanager
def _opened(settings: Settings) -> Iterator[Log]:
    opened = open_log(settings)
    try:
        yield opened
    finally:
        opened.close()
