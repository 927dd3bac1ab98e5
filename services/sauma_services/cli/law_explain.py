"""`sauma law explain`: one question, or one decision of a log, answered in words for whoever may know it."""

import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pydantic import ValidationError

from sauma.codec import Codec
from sauma.decision import Decision
from sauma.fact import CATEGORIES, KINDS
from sauma.places import Places
from sauma_services.cli.law_files import LanguageOption, LawOption, laws_named, words_of
from sauma_services.cli.log_folder import CONFIGURATION_NAME, log_of
from sauma_services.lawbook.ask import ask
from sauma_services.lawbook.audience import AUDIENCES, seen_by
from sauma_services.lawbook.decision_words import explain_decision
from sauma_services.lawbook.explain import explain as in_words
from sauma_services.lawbook.question import AskedQuestion, default_kind
from sauma_services.machine.places import places_of
from sauma_services.runtime.clock import SystemClock
from sauma_services.runtime.topics import DECISIONS

_DECISION = Codec(Decision)


def explain(
    question: Annotated[Path | None, typer.Argument(help="a question as a YAML file; docs/law.md has one")] = None,
    *,
    discloser: Annotated[str | None, typer.Option("--from", help="the role that has the data")] = None,
    to: Annotated[str | None, typer.Option(help="the role that would be given them")] = None,
    category: Annotated[int | None, typer.Option(help="1 to 7")] = None,
    kind: Annotated[str | None, typer.Option(help="the kind of data; else the category's most common")] = None,
    handling: Annotated[str | None, typer.Option(help="the class of handling; else the kind's own")] = None,
    date: Annotated[str | None, typer.Option(help="the day that is asked about; else today")] = None,
    relationship: Annotated[str | None, typer.Option(help="its state, for instance active; else there is none")] = None,
    necessary_for: Annotated[list[str] | None, typer.Option(help="ROLE or ROLE:PURPOSE; repeatable")] = None,
    affects_employment: Annotated[bool, typer.Option("--affects-employment", help="it is so recorded")] = False,
    plan: Annotated[str | None, typer.Option(help="the plan's kind: 03, 04 or 07")] = None,
    addressed_to: Annotated[str | None, typer.Option(help="the role that the data are addressed to")] = None,
    will: Annotated[
        list[str] | None, typer.Option(help="consent, permit or prohibition about these data and this recipient")
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            help=f"explain a decision of a log: its configuration, or the folder with its {CONFIGURATION_NAME}"
        ),
    ] = None,
    subject: Annotated[str, typer.Option(help="with --log: the client's id")] = "",
    number: Annotated[int, typer.Option(help="with --log: the decision's number for this client")] = 0,
    recipient: Annotated[str, typer.Option(help="with --log: only this recipient, endpoint or role")] = "",
    who: Annotated[str, typer.Option(help="with --log: the endpoint that is told, as recipient or sender")] = "",
    audience: Annotated[str, typer.Option(help="client, recipient, sender or operator")] = "operator",
    rules: LawOption = None,
    language: LanguageOption = "en",
) -> None:
    """Answer one question in words, as far as the audience may know: from options, from a file, or from a log."""
    words, laws = words_of(language), laws_named(rules)
    if audience not in AUDIENCES:
        raise typer.BadParameter(f"--audience is one of {', '.join(AUDIENCES)}")
    if log is not None:
        if audience in ("recipient", "sender") and not who:
            raise typer.BadParameter(f"--audience {audience} needs --who: the endpoint that is told")
        decision, places = _decision(log, subject, number)
        decided_by = next((one for one in laws.sets if one.id == decision.law), None)
        told = {"audience": audience, "who": who, "recipient": recipient}
        typer.echo(explain_decision(decision, decided_by, places, words, **told))
        return
    if question is not None:
        stated = _read(question)
    else:
        if discloser is None or to is None or category is None:
            raise typer.BadParameter("name a question file, or --from, --to and --category, or --log")
        chosen = kind or (default_kind(category) if category in CATEGORIES else "")
        stated = {
            "from": discloser,
            "to": to,
            "category": category,
            "kind": chosen,
            "handling": handling or (KINDS[chosen].handling if chosen in KINDS else None) or "ordinary",
            "date": date or _today(),
            "relationship": {"state": relationship} if relationship else None,
            "necessary_for": [_mark(text) for text in necessary_for or ()],
            "affects_employment": affects_employment,
            "plan": {"kind": plan} if plan else None,
            "addressed_to": addressed_to,
            "wills": [{"kind": one, "recipients": [to], "facts": ["this"]} for one in will or ()],
        }
    case = ask(laws, _question(stated))
    typer.echo(in_words(seen_by(audience, case), words))


def _today() -> datetime.date:
    return datetime.datetime.fromtimestamp(SystemClock().now() / 1000, tz=datetime.UTC).date()


def _mark(text: str) -> dict[str, str]:
    role, _, purpose = text.partition(":")
    return {"role": role, "purpose": purpose} if purpose else {"role": role}


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError:
        raise typer.BadParameter(f"{path} cannot be read: give a question as a YAML file") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        raise typer.BadParameter(f"{path}{line} is not YAML: mend the form there") from None


def _question(stated: Any) -> AskedQuestion:
    try:
        return AskedQuestion.model_validate(stated)
    except ValidationError as error:
        faults = (
            f"{'.'.join(map(str, one['loc'])) or 'the question'}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )
        raise typer.BadParameter("; ".join(faults)) from None


def _decision(folder: Path, subject: str, number: int) -> tuple[Decision, Places]:
    """A client's decision by its number, and the places that its endpoints are found in."""
    if not subject or number < 1:
        raise typer.BadParameter("--log needs --subject and --number: which client's which decision")
    with log_of(folder) as (settings, reader):
        for partition in range(settings.log.partitions_or_default):
            for record in reader.scan(DECISIONS.name, partition):
                if record.key == subject.encode():
                    found = _DECISION.decode(record.value)
                    if found.number == number:
                        return found, places_of(settings)
    raise typer.BadParameter(
        f"no decision {number} of this client in {folder}: see `sauma replay verify` for what is there"
    )
