"""The commands of `sauma`: each reads its arguments, calls the part that does the work, and says what came of it."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sauma.places import PlacesError
from sauma.rulefile import RuleFileError
from sauma_connectors.sdk.files import Damaged
from sauma_services.cli import law_test  # noqa: F401 - it adds its command to the ones below
from sauma_services.cli.journal import export_journal, import_journal
from sauma_services.cli.law import law as law_commands
from sauma_services.cli.law_files import laws_in
from sauma_services.cli.log_folder import LogOption, log_of
from sauma_services.cli.services import services
from sauma_services.cli.topics import topics
from sauma_services.machine.places import places_of
from sauma_services.replay import verify
from sauma_services.runtime.crash import install, tell_crash
from sauma_services.runtime.errors import Failure

app = typer.Typer(
    name="sauma",
    help="Event-driven integration between public agencies, by law and by the client's will.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a trace of this kind prints local variables: they may hold what must not be shown
)
replay = typer.Typer(help="Take the journal again.", no_args_is_help=True)
app.add_typer(services)
app.add_typer(topics, name="topics")
app.add_typer(law_commands, name="law")
app.add_typer(replay, name="replay")
replay.command("export")(export_journal)
replay.command("import")(import_journal)

_SAID_IN_A_SENTENCE = (Failure, Damaged, RuleFileError, PlacesError)
"""Exceptions whose text is written for a person, with ids and reasons only."""

OutputOption = Annotated[str, typer.Option("--output", help="text or json", metavar="FORMAT")]


@app.command()
def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="tell the story once and end")] = False,
    output: OutputOption = "text",
    data: Annotated[Path, typer.Option(help="where the demo writes; made anew each time")] = Path("var/demo"),
    log_kind: Annotated[
        str, typer.Option(help="sqlite, or kafka: one started here, which ends with the demo")
    ] = "sqlite",
    bootstrap: Annotated[str | None, typer.Option(help="with kafka: use this one instead, which stays")] = None,
) -> None:
    """Tell the story of one client and its plan, as it happens between the own systems of seven simulated organisations.

    They are Kela, two employment areas, two welfare areas, the joint data set at KEHA, and a service provider.
    """
    from sauma_services.demo import tell  # noqa: PLC0415 - the simulated agencies are only for the demo

    if log_kind not in ("sqlite", "kafka"):
        raise typer.BadParameter("--log-kind is sqlite or kafka")
    on_kafka = log_kind == "kafka"
    if bootstrap is not None and not on_kafka:
        raise typer.BadParameter("--bootstrap names a Kafka: say --log-kind kafka, too")
    raise typer.Exit(tell(data, once=once, as_json=output == "json", on_kafka=on_kafka, bootstrap=bootstrap))


@replay.command("verify")
def replay_verify(
    *,
    log: LogOption,
    law: Annotated[
        Path | None, typer.Option(help="a folder of rule files to judge every record by, whatever was in force")
    ] = None,
    release: Annotated[
        list[Path] | None,
        typer.Option(help="a folder of rule files of a release that decided earlier; may be repeated"),
    ] = None,
    output: OutputOption = "text",
) -> None:
    """Take the whole journal again and compare every stored delivery and decision, byte for byte. Writes nothing.

    The machine may run meanwhile: records that its router has not done yet are counted, and are no differences.

    Each record is judged by the rules of its epoch: this release's, those of a --release, or those in the journal.
    """
    with log_of(log) as (settings, reader):
        partitions = settings.log.partitions_or_default
        found = verify(
            reader,
            laws=None if law is None else laws_in(law),
            known=[laws_in(folder) for folder in (None, *(release or ()))],
            places=places_of(settings),
            partitions=partitions,
        )
    if output == "json":
        shown = [asdict(one) for one in found.differences[:100]]
        line = {
            "records": found.records,
            "compared": found.compared,
            "different": len(found.differences),
            "first": shown,
            "epochs": [asdict(one) for one in found.stretches],
            "unverified": sum(one.records for one in found.unverified),
            "not_yet_done": found.not_done,
        }
        typer.echo(json.dumps(line))
    else:
        typer.echo(f"{found.records} journal records taken again, {found.compared} deliveries and decisions compared")
        for one in found.differences[:100]:
            typer.echo(f"  {one.topic} position {one.position}, client {one.subject} number {one.number}: {one.what}")
        for stretch in found.unverified:
            typer.echo(
                f"  NOT VERIFIED: {stretch.records} records of partition {stretch.partition} from position"
                f" {stretch.position}: the rules they were judged by, version {stretch.law}, or those before them are"
                " neither in the journal nor here: give their folder with --release"
            )
        if found.not_done:
            typer.echo(f"not yet done: {found.not_done} (journal records that wait for the router)")
        typer.echo(f"{len(found.differences)} differences")
    raise typer.Exit(1 if found.differences or found.unverified else 0)


def main() -> None:
    """The console script: what a person has to act on is said in a sentence (2); a bug by its type and place (70)."""
    install()
    try:
        app()
    except _SAID_IN_A_SENTENCE as known:
        sys.stderr.write(f"sauma: {known}\n")
        raise SystemExit(2) from None
    except Exception as bug:  # noqa: BLE001 - left to Typer's hook, its text would be printed: it may be personal
        tell_crash(bug)
        raise SystemExit(70) from None
