"""`sauma law`: the rules, read, checked, compared and explained without programming; it decides nothing itself."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sauma.rulefile import Fault, RuleFileError
from sauma_services.cli.law_breaches import breaches
from sauma_services.cli.law_explain import explain
from sauma_services.cli.law_files import LanguageOption, LawOption, OutputOption, laws_in, laws_named, words_of
from sauma_services.lawbook import diff_json
from sauma_services.lawbook.diff import difference
from sauma_services.lawbook.diff_words import lines, period_lines
from sauma_services.lawbook.periods import periods
from sauma_services.lawbook.table import FORMATS, render

law = typer.Typer(help="The rules, for those who answer for them.", no_args_is_help=True)
law.command("breaches")(breaches)
law.command("explain")(explain)


@law.command()
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="a folder of rule files, or one file; else the ones that came with the code")
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
        typer.echo("1 error" if len(faults) == 1 else f"{len(faults)} errors")
    raise typer.Exit(1 if faults else 0)


@law.command()
def table(
    *,
    output: Annotated[str, typer.Option("--format", help="markdown or html", metavar="FORMAT")] = "markdown",
    rules: LawOption = None,
    language: LanguageOption = "en",
) -> None:
    """Show who may be given what, on which paragraph and under which conditions: one page, to be read or printed."""
    if output not in FORMATS:
        raise typer.BadParameter(f"--format is one of {', '.join(FORMATS)}")
    typer.echo(render(laws_named(rules).sets[-1], words_of(language), output), nl=False)


@law.command()
def diff(
    before: Annotated[str, typer.Argument(help="a date, a rule file, or a folder of rule files")],
    after: Annotated[str, typer.Argument(help="another one")],
    *,
    language: LanguageOption = "en",
    output: OutputOption = "text",
) -> None:
    """Tell which questions change their answer, all of them and in words. Two folders are compared through time. 1 where any does."""
    first, second = laws_named(before), laws_named(after)
    words = words_of(language)
    if len(first.sets) == len(second.sets) == 1 and not (Path(before).is_dir() or Path(after).is_dir()):
        found = difference(first.sets[0], second.sets[0])
        shown, is_same = [*lines(found, words)], not (found.changes or found.rules)
        as_json = [diff_json.difference(found)]
    else:
        stretches = periods(first, second)
        shown, is_same = period_lines(stretches, words), not stretches
        as_json = [diff_json.period(one) for one in stretches]
    typer.echo(json.dumps({"differences": as_json}, ensure_ascii=False) if output == "json" else "\n".join(shown))
    raise typer.Exit(0 if is_same else 1)
