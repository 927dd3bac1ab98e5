"""`sauma law breaches`: what went out of a log without a ground, by client and recipient; ids and grounds, never content."""

import csv
import datetime
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sauma.rulefile import midnight_in_helsinki
from sauma_services.cli.law_files import laws_in
from sauma_services.cli.log_folder import LogOption, log_of
from sauma_services.machine.places import places_of
from sauma_services.replay.breaches import Breach, Breaches
from sauma_services.replay.breaches import breaches as find

FORMATS = ("text", "json", "csv")


def breaches(
    *,
    log: LogOption,
    law: Annotated[
        Path | None, typer.Option(help="a folder of rule files that should have been in force, whatever was")
    ] = None,
    release: Annotated[
        list[Path] | None,
        typer.Option(help="a folder of rule files of a release that decided earlier; may be repeated"),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="from this day on, for example 2026-05-01")
    ] = None,
    stop: Annotated[str | None, typer.Option("--to", metavar="DATE", help="to the end of this day")] = None,
    output: Annotated[str, typer.Option("--output", help="text, json or csv", metavar="FORMAT")] = "text",
) -> None:
    """List what was delivered without a ground, as the journal taken again shows it. 1 where there is any. Writes nothing.

    Each record is judged by the rules that were in force at it; with --law, by rules that should have been.
    """
    if output not in FORMATS:
        raise typer.BadParameter(f"--output is one of {', '.join(FORMATS)}")
    with log_of(log) as (settings, reader):
        found = find(
            reader,
            known=[laws_in(folder) for folder in (None, *(release or ()))],
            instead=None if law is None else laws_in(law),
            places=places_of(settings),
            partitions=settings.log.partitions_or_default,
            start=0 if start is None else midnight_in_helsinki(_date("--from", start)),
            stop=None if stop is None else midnight_in_helsinki(_date("--to", stop) + datetime.timedelta(days=1)),
        )
    {"text": _text, "json": _json, "csv": _csv}[output](found)
    raise typer.Exit(1 if found.found or found.unjudged or found.undecodable else 0)


def _date(option: str, text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} {text} is no date of the calendar: write it as 2026-05-01") from None


def _moment(when: int) -> str:
    return datetime.datetime.fromtimestamp(when / 1000, tz=datetime.UTC).isoformat(timespec="milliseconds")


def _since(breach: Breach) -> str:
    return "; ".join(f"{_moment(one.when)} {one.what}" for one in breach.since)


def _row(breach: Breach) -> dict[str, object]:
    return {**asdict(breach), "when": _moment(breach.when), "since": _since(breach)}


def _json(found: Breaches) -> None:
    line = {
        "breaches": [
            {**_row(one), "since": [{"when": _moment(s.when), "what": s.what} for s in one.since]}
            for one in found.found
        ],
        "delivered": found.delivered,
        "undecodable": [{"topic": topic, "position": position} for topic, position in found.undecodable],
        "unjudged": [asdict(one) for one in found.unjudged],
    }
    typer.echo(json.dumps(line))


def _csv(found: Breaches) -> None:
    names = list(Breach.__dataclass_fields__)
    writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    writer.writeheader()
    for one in found.found:
        writer.writerow(_row(one))
    _tell_unjudged(found, is_error=True)


def _text(found: Breaches) -> None:
    heading: tuple[str, str] | None = None
    for one in found.found:
        if heading != (one.subject, one.recipient):
            heading = one.subject, one.recipient
            typer.echo(f"client {one.subject}, recipient {one.recipient}")
        typer.echo(
            f"  {_moment(one.when)} {one.kind} (category {one.category}) {one.fact} version {one.version}:"
            f" cited {one.rule} ({one.discloser}); by {one.law or 'no rule set'}: {one.why}"
        )
        if one.since:
            typer.echo(f"    since: {_since(one)}")
    _tell_unjudged(found, is_error=False)
    typer.echo(f"{len(found.found)} breaches among {found.delivered} facts delivered")


def _tell_unjudged(found: Breaches, *, is_error: bool) -> None:
    for topic, position in found.undecodable:
        typer.echo(f"NOT JUDGED: {topic} position {position} cannot be read", err=is_error)
    for one in found.unjudged:
        typer.echo(
            f"NOT JUDGED: {one.records} records of partition {one.partition} from position {one.position}: their rules,"
            f" version {one.law}, or those before them are neither in the journal nor here: give their folder with --release",
            err=is_error,
        )
