"""`sauma run`, `intake`, `router` and `connector run`: a configuration's parts, in one process or in several."""

import re
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from sauma_services.machine import Machine
from sauma_services.machine.share import Share, connectors, everything, intake, router
from sauma_services.runtime.clock import SystemClock
from sauma_services.runtime.errors import NeedsOperator
from sauma_services.runtime.settings import NAME, Settings, load

services = typer.Typer()
connector = typer.Typer(help="One connector, in a process of its own.", no_args_is_help=True)
services.add_typer(connector, name="connector")

ConfigArgument = Annotated[Path, typer.Argument(help="the configuration, a TOML file")]


def _checked(instance: str | None) -> str | None:
    """The name goes into names of Kafka's and of folders, as the setting of the same name does."""
    if instance is not None and not re.fullmatch(NAME, instance):
        raise typer.BadParameter("letters, digits, and . _ - after the first: at most 41 of them")
    return instance


InstanceOption = Annotated[
    str | None,
    typer.Option(
        callback=_checked,
        help="this process's name among those of its kind; needed where several run side by side",
    ),
]


@services.command()
def run(config: ConfigArgument) -> None:
    """Run everything that a configuration names, until SIGTERM or Ctrl-C; then finish what is at hand and end."""
    settings = load(config)
    _run(settings, everything(settings), None)


@services.command("intake")
def run_intake(config: ConfigArgument, instance: InstanceOption = None) -> None:
    """Run only intake."""
    settings = load(config)
    _run(settings, intake(instance or settings.log.instance), instance)


@services.command("router")
def run_router(config: ConfigArgument, instance: InstanceOption = None) -> None:
    """Run only the router. Several under names of their own share the partitions on Kafka."""
    settings = load(config)
    _run(settings, router(instance or settings.log.instance), instance)


@connector.command("run")
def run_connector(config: ConfigArgument, endpoints: Annotated[list[str], typer.Argument(help="whose")]) -> None:
    """Run only these endpoints' connectors. The keyring is in the data folder: all connectors have to share it."""
    settings = load(config)
    _run(settings, connectors(settings, endpoints), None)


@services.command("agencies")
def run_agencies(config: ConfigArgument) -> None:
    """Play the simulated agencies of the demo in their folders, for processes that run beside it, until SIGTERM or Ctrl-C.

    Started again over the same folders, it goes on with the next client.
    """
    from sauma_services.demo.clerks import clerks  # noqa: PLC0415 - the simulated agencies are only for the demo

    for sentence in clerks(load(config), SystemClock(), _stop_at_signals()):
        typer.echo(sentence)


def _stop_at_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _run(settings: Settings, share: Share, instance: str | None) -> None:
    if instance is not None and settings.log.kind == "sqlite":
        raise NeedsOperator('--instance is for [log] kind = "kafka": the embedded log has one process for each part')
    stop = _stop_at_signals()
    machine = Machine(settings, share=share, instance=instance)
    try:
        is_well = machine.run(stop)
    finally:
        machine.close()
    raise typer.Exit(0 if is_well else 1)
