"""Tells a line of the story on the terminal: what left, to whom, on which paragraph; what stayed, and why."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sauma.content import as_text
from sauma.delivery import Delivery
from sauma.ids import EndpointId, FactId
from sauma_connectors.sdk.contract import Holding
from sauma_services.demo.log_since import News, short
from sauma_services.demo.story import Line
from sauma_services.demo.sync import Holdings, Sync

_HELD_BY_REGISTER = ("social-13", "health-13", "employment-kuopio", "kela", "keha", "provider-valmennus")


Stayed = tuple[str, str, str]
"""Recipient, kind, why."""


def tell_line(console: Console, line: Line, news: News, kinds: Mapping[FactId, str], told: set[Stayed]) -> None:
    """One line with everything that followed from it. What stays is told once, until its reason changes."""
    console.print()
    console.print(Text(f"{line.number:>4}  {line.title}", style="bold"))
    for delivery in news.deliveries:
        _tell_delivery(console, delivery, kinds)
    stayed: set[Stayed] = set()
    for decision in news.decisions:
        if decision.outcome in ("refused", "parked"):
            console.print(Text(f"      {decision.outcome}: {short(decision.source)}, {decision.reason}", style="red"))
        for ruling in decision.rulings:
            if ruling.outcome in ("withheld", "undecided") and ruling.reason != "addressed-to-another":
                stayed.add((short(ruling.recipient), ruling.kind, f"{ruling.outcome}: {ruling.reason}"))
    for recipient, kind, why in sorted(stayed - told):
        console.print(Text(f"        stays from {recipient}: {kind} ({why})", style="dim"))
    told |= stayed


def _tell_delivery(console: Console, delivery: Delivery, kinds: Mapping[FactId, str]) -> None:
    to = short(delivery.recipient)
    for put in delivery.puts:
        console.print(Text.assemble((f"      -> {to}: ", "green"), f"{put.kind} v{put.version}, {put.basis.discloser}"))
    for moved in delivery.rebased:
        kind = kinds.get(moved.fact, "fact")
        console.print(Text.assemble((f"      ~> {to}: ", "cyan"), f"{kind} now rests on {moved.basis.discloser}"))
    for back in delivery.retracted:
        kind = kinds.get(back.fact, "fact")
        console.print(Text.assemble((f"      <- {to}: ", "yellow"), f"{kind}, {back.ask} ({back.reason})"))
    for notice in delivery.notices:
        console.print(Text.assemble((f"      !! {to}: ", "magenta"), f"{notice.code} {notice.reason}".rstrip()))


def tell_plan(console: Console, held: Holdings, sync: Sync) -> None:
    """The plan as each register holds it, side by side, read from each register's own files."""
    shown = [EndpointId(name) for name in _HELD_BY_REGISTER if held.get(EndpointId(name))]
    facts = {fact: holding for endpoint in shown for fact, holding in held[endpoint].items() if holding.content}
    rows = [
        (type(holding.content).__name__, [held[endpoint].get(fact) for endpoint in shown])
        for fact, holding in sorted(facts.items(), key=lambda item: (type(item[1].content).__name__, item[0]))
    ]
    shared = [(name, holders) for name, holders in rows if sum(holder is not None for holder in holders) > 1]
    console.print()
    if console.is_terminal:
        console.print(_table(shown, shared))
    else:
        console.print("The plan as each register's own system holds it")
        for name, holders in shared:
            for endpoint, holder in zip(shown, holders, strict=True):
                if holder is not None:
                    console.print(Text(f"  {name} at {short(endpoint)}: {_cell(holder, 200)}"))
    verdict = "the same everywhere" if sync.is_in_sync else f"{len(sync.different)} facts differ"
    console.print(Text(f"{sync.shared_items} pairs of shared fact and holder compared: {verdict}", style="bold"))


def _table(shown: list[EndpointId], shared: list[tuple[str, list[Holding | None]]]) -> Table:
    table = Table(title="The plan as each register's own system holds it", show_lines=True)
    table.add_column("fact")
    for endpoint in shown:
        table.add_column(short(endpoint), overflow="fold")
    for name, holders in shared:
        table.add_row(Text(name), *(Text(_cell(holder, 90)) for holder in holders))
    return table


def _cell(holding: Holding | None, length_max: int) -> str:
    """What the register holds, in clear: this is the agencies' own view, and the only place where the demo shows content."""
    if holding is None or holding.content is None:
        return ""
    words = [value for value in as_text(holding.content).values() if value]
    return f"v{holding.version} {'; '.join(words)}"[:length_max]
