"""`sauma law test`: tells every scenario to the rules and says where the outcome is another than its writer expects."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sauma.resources import names, read_text
from sauma_services.cli.law import law
from sauma_services.cli.law_files import OutputOption, laws_in
from sauma_services.scenarios import ScenarioError, read_scenarios, run

_PLACE = ("fi", "scenarios")


@law.command("test")
def law_test(
    folder: Annotated[Path | None, typer.Argument(help="a folder of scenarios; else the ones beside the rules")] = None,
    law_folder: Annotated[
        Path | None, typer.Option("--law", help="a folder of rule files, instead of the ones in force")
    ] = None,
    output: OutputOption = "text",
) -> None:
    """Tell every scenario. 1 where an outcome is another than expected, 2 where a file cannot be read."""
    laws = laws_in(law_folder)
    try:
        scenarios = read_scenarios(scenario_files(folder), purposes={r.purpose for one in laws.sets for r in one.rules})
    except ScenarioError as error:
        for fault in error.faults:
            typer.echo(str(fault), err=True)
        raise typer.Exit(2) from None
    failed = [found for one in scenarios if (found := run(one, laws))]
    for mismatch in (one for found in failed for one in found):
        typer.echo(json.dumps(asdict(mismatch), ensure_ascii=False) if output == "json" else str(mismatch))
    if output == "json":
        typer.echo(json.dumps({"scenarios": len(scenarios), "failed": len(failed)}))
    else:
        typer.echo(f"{len(scenarios)} scenarios, {len(failed)} failed")
    raise typer.Exit(1 if failed else 0)


def scenario_files(folder: Path | None) -> Mapping[str, str]:
    """The texts of a folder's scenario files, or of those that came with the code, by file name."""
    if folder is None:
        found = [name for name in names("law", *_PLACE) if name.endswith(".yaml")]
        return {"/".join(("law", *_PLACE, name)): read_text("law", *_PLACE, name) for name in found}
    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder: give one with scenario files that end in .yaml")
    return {str(path): path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}
