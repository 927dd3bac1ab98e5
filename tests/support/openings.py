"""How a client's story begins on a line: referred by Kela, assessment started by employment, social care taking part."""

from sauma.event import FactStep, Referral, Relationship
from sauma.ids import ReferralId, SubjectId
from support.line import Line
from support.world import E, K, S, fact, put

REFER = Referral(
    ReferralId("r"),
    "made",
    to_role="employment",
    municipality="837",
    facts=(
        FactStep("put", fact("identity"), put=put("identity", "identity", 1)),
        FactStep("put", fact("referral"), put=put("referral", "referral", 6)),
    ),
)


def start(line: Line, subject: SubjectId) -> None:
    """The client is opened, and categories 4 to 7 are."""
    line.say(K, REFER, subject=subject)
    line.say(E, Relationship("started"), subject=subject)
    line.say(S, Relationship("taking-part"), subject=subject)
