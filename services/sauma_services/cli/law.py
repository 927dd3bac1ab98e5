"""`sauma law`: the rules, read, checked, compared and explained without programming; it decides nothing itself."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sauma.resources import load_laws
from sauma.rulefile import Fault, Laws, RuleFileError, read_laws

law = typer.Typer(help="The rules, for those who answer for them.", no_args_is_help=True)

OutputOption = Annotated[str, typer.Option("--output", help="text or json", metavar="FORMAT")]


@law.command()
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="a folder of rule files, or one file; else the ones in force")
    ] = None,
    output: OutputOption = "text",
) -> None:
    """Tell every error of the rule files: file, line, rule, what is wrong and what to do. 1 where there is any."""
    try:
        sets = laws_in(folder).sets
        faults: tuple[Fault, ...] = ()
    except RuleFileError as error:
        sets, faults = (), error.faults
    if output == "json":
        rule_sets = [{"in_force_from": one.in_force_from, "rules": len(one.rules)} for one in sets]
        typer.echo(json.dumps({"rule_sets": rule_sets, "faults": [asdict(fault) for fault in faults]}))
    else:
        for fault in faults:
            typer.echo(str(fault))
        for one in sets:
            typer.echo(f"in force from {one.in_force_from}: {len(one.rules)} rules")
        typer.echo(f"{len(faults)} errors")
    raise typer.Exit(1 if faults else 0)


def laws_in(place: Path | None) -> Laws:
    """The laws in a folder or in one file; those that came with the code where none is named. Raises `RuleFileError`."""
    if place is None:
        return load_laws()
    if not place.exists():
        raise typer.BadParameter(f"{place} does not exist: give a folder of rule files, or one rule file")
    files = sorted(place.glob("*.toml")) if place.is_dir() else [place]
    return read_laws({str(path): path.read_text(encoding="utf-8") for path in files})
