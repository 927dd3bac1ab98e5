"""`sauma topics`: what a cluster lacks of the topics that a configuration needs, and bringing it there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sauma_services.intake import Intake
from sauma_services.machine.places import places_of
from sauma_services.machine.share import endpoints_of
from sauma_services.machine.topics_of import topics_of
from sauma_services.router import Router
from sauma_services.runtime.errors import NeedsOperator
from sauma_services.runtime.settings import Settings, load
from sauma_services.runtime.topics import state_row

if TYPE_CHECKING:
    from sauma_services.runtime.kafka_topics import Change, TopicAdmin

topics = typer.Typer(help="The topics of a configuration on a Kafka cluster.", no_args_is_help=True)

ConfigArgument = Annotated[Path, typer.Argument(help="the configuration, a TOML file")]
OutputOption = Annotated[str, typer.Option("--output", help="text or json", metavar="FORMAT")]


@topics.command("plan")
def plan(config: ConfigArgument, output: OutputOption = "text") -> None:
    """Tell what differs between the configuration and the cluster. Changes nothing; 1 where something is refused."""
    with _admin(load(config)) as (_, changes):
        _tell(changes, output)
    raise typer.Exit(1 if any(change.kind == "refused" for change in changes) else 0)


@topics.command("apply")
def apply(config: ConfigArgument, output: OutputOption = "text") -> None:
    """Create, alter and grant what the plan tells; nothing at all where something in it is refused."""
    with _admin(load(config)) as (admin, changes):
        _tell(changes, output)
        admin.apply(changes)


@contextmanager
def _admin(settings: Settings) -> Iterator[tuple["TopicAdmin", list["Change"]]]:
    if settings.log.kind != "kafka":
        raise NeedsOperator('the embedded log makes its topics itself: this is for [log] kind = "kafka"')
    from sauma_services.runtime.kafka_grants import grants  # noqa: PLC0415 - only where there is Kafka
    from sauma_services.runtime.kafka_topics import TopicAdmin  # noqa: PLC0415
    from sauma_services.runtime.open_log import kafka_settings  # noqa: PLC0415

    places = places_of(settings)
    partitions = settings.log.partitions_or_default
    states = [state_row(group, partitions) for group in (Intake.name, Router.name)]
    rows = [*topics_of(settings, places), *states]
    admin = TopicAdmin(kafka_settings(settings), principal=settings.log.principal)
    try:
        yield admin, admin.plan(rows, grants(endpoints_of(settings), places.endpoints))
    finally:
        admin.close()


def _tell(changes: list["Change"], output: str) -> None:
    if output == "json":
        typer.echo(json.dumps([{"kind": c.kind, "about": c.about, "what": c.what} for c in changes]))
        return
    for change in changes:
        typer.echo(f"{change.kind:<10}  {change.about}: {change.what}")
    typer.echo(f"{len(changes)} differences")
