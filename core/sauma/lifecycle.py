"""The life cycles, as tables {(state, step): state}; docs/lifecycles.md is drawn from them and a test walks them whole.

What a table cannot say (who may take a step, on which version) stands in the fold, beside the effect of the step.
"""

from collections.abc import Mapping

from sauma.fact import KINDS

NEW = "new"
"""The state before the first step."""

BEFORE = "before-ending"
"""Stands for the state the relationship was in when its end was proposed."""

Table = Mapping[tuple[str, str], str]

REFERRAL: Table = {
    (NEW, "made"): "made",
    ("made", "received"): "received",
    ("made", "accepted"): "accepted",
    ("received", "accepted"): "accepted",
    ("made", "declined"): "declined",
    ("received", "declined"): "declined",
    ("made", "cancelled"): "cancelled",
    ("received", "cancelled"): "cancelled",
    ("accepted", "cancelled"): "cancelled",
    ("accepted", "started"): "started",
    ("interrupted", "started"): "started",
    ("started", "interrupted"): "interrupted",
    ("accepted", "completed"): "completed",
    ("started", "completed"): "completed",
    ("interrupted", "completed"): "completed",
}
REFERRAL_ENDS = frozenset({"declined", "cancelled", "completed"})
REFERRAL_BY_SENDER = frozenset({"made", "cancelled"})

FACT: Table = {
    (NEW, "put"): "open",
    ("open", "put"): "open",
    ("open", "mark"): "open",
    ("open", "close"): "closed",
    ("closed", "put"): "open",
    ("open", "void"): "void",
    ("closed", "void"): "void",
}

PROPOSAL: Table = {
    (NEW, "propose"): "made",
    ("made", "accept"): "accepted",
    ("made", "decline"): "declined",
    ("made", "settle"): "settled",
    ("made", "void"): "void",
}

CONFLICT: Table = {
    (NEW, "stale-accept"): "open",
    ("open", "settle"): "settled",
}

JOINT: Table = {
    (NEW, "put"): "pending",
    ("pending", "put"): "pending",
    ("pending", "confirm"): "pending",
    ("pending", "approve"): "pending",
    ("pending", "all-confirmed"): "in-force",
    ("in-force", "all-confirmed"): "in-force",
    ("pending", "void"): "void",
    ("in-force", "void"): "void",
}

RELATIONSHIP: Table = {
    (NEW, "started"): "assessing",
    ("ended", "started"): "assessing",
    ("annulled", "started"): "assessing",
    ("assessing", "taking-part"): "assessing",
    ("active", "taking-part"): "active",
    ("assessing", "joined"): "assessing",
    ("active", "joined"): "active",
    ("assessing", "left"): "assessing",
    ("active", "left"): "active",
    ("assessing", "plan-approved"): "active",
    ("active", "plan-approved"): "active",
    ("active", "reviewed"): "active",
    ("assessing", "end-proposed"): "ending",
    ("active", "end-proposed"): "ending",
    ("ending", "end-confirmed"): "ending",
    ("ending", "all-confirmed"): "ended",
    ("ending", "end-objected"): BEFORE,
    ("ending", "end-withdrawn"): BEFORE,
    ("assessing", "annul"): "assessing",
    ("active", "annul"): "active",
    ("assessing", "annul-confirmed"): "annulled",
    ("active", "annul-confirmed"): "annulled",
    ("assessing", "died"): "stopped",
    ("active", "died"): "stopped",
    ("ending", "died"): "stopped",
    ("ended", "died"): "stopped",
    ("annulled", "died"): "stopped",
}

WILL: Table = {
    (NEW, "given"): "given",
    (NEW, "withdrawn"): "withdrawn",
    ("given", "read-again"): "given",
    ("given", "withdrawn"): "withdrawn",
    ("withdrawn", "withdrawn"): "withdrawn",
}

TABLES: Mapping[str, Table] = {
    "referral": REFERRAL,
    "fact": FACT,
    "proposal": PROPOSAL,
    "conflict": CONFLICT,
    "joint fact": JOINT,
    "relationship": RELATIONSHIP,
    "will": WILL,
}


def table_of(kind: str) -> Table:
    """The life cycle of a fact of this kind."""
    if kind == "proposal":
        return PROPOSAL
    if kind == "conflict":
        return CONFLICT
    return JOINT if KINDS[kind].is_joint else FACT


def document() -> str:
    """The page docs/lifecycles.md: every table, drawn."""
    opening = (
        "# Life cycles\n\n"
        "Drawn from the tables in `core/sauma/lifecycle.py`; do not edit. A step that a table does not have is refused, and\n"
        "changes nothing. `before_ending` stands for the state the relationship was in when its end was proposed.\n"
    )
    parts = (f"\n## {name.capitalize()}\n\n```mermaid\n{diagram(table)}\n```\n" for name, table in TABLES.items())
    return opening + "".join(parts)


def diagram(table: Table) -> str:
    """The table as a Mermaid state diagram, one line a step, in the table's order."""
    lines = ["stateDiagram-v2"]
    for (state, step), then in table.items():
        start = "[*]" if state == NEW else _mermaid(state)
        lines.append(f"    {start} --> {_mermaid(then)}: {step}")
    return "\n".join(lines)


def _mermaid(state: str) -> str:
    return state.replace("-", "_")
