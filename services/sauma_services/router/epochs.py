"""Says by which rules a record of one partition's journal is judged: an epoch record is the border; it knows no client.

What stands before an epoch record is judged by what it replaces, from it on by what it pins, wherever it came to stand
behind records that were waiting. What stands before the first one is judged by what that one pins. For that a router
must still have the rules that are being replaced: an epoch record carries its rule files' texts, and so does the state.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sauma.codec import Codec
from sauma.ids import SubjectId
from sauma.journal import Epoch
from sauma.places import Places
from sauma.rulefile import Laws, RuleFileError, read_laws
from sauma_services.runtime.ports import StatePart

CORE_RELEASE = "1"
"""The release of the core's behaviour: raised whenever the same journal could give other bytes than before."""

SCHEMAS = "1"

EPOCH_KEY = b"epoch"
"""The key of epoch records, and of the state part that holds the one in force in a partition."""

ANNOUNCED_KEY = b"epoch-announced"
"""The key of the state part with an epoch that stands in the journal and whose record has not been taken yet."""

_EPOCH = Codec(Epoch)


def epoch_of(partition: int, laws: Laws, places: Places) -> Epoch:
    """The epoch of a partition that is decided by these, by this release of the core."""
    return Epoch(SubjectId(""), partition, CORE_RELEASE, laws.version, places.version, SCHEMAS, laws.texts)


def carried_laws(epoch: Epoch) -> Laws | None:
    """The rules that the epoch brings along; None where it brings none, or others than those it pins."""
    try:
        laws = read_laws({f"rules-{number}.toml": text for number, text in enumerate(epoch.rules)})
    except RuleFileError:
        return None  # of a release that wrote rules in another form, or altered since
    return laws if laws.version == epoch.law else None


@dataclass(slots=True)
class Reign:
    """What decides in one partition, and what has been announced to decide after it.

    `own` are the laws of this process. They decide at once only where those that are being replaced cannot be had.
    """

    own: Laws
    epoch: Epoch
    """What this process would have decide."""
    in_force: Epoch | None = None
    announced: Epoch | None = None
    laws: Laws = field(init=False)
    """What the next record is judged by."""

    def __post_init__(self) -> None:
        if self.in_force == self.epoch:
            self.in_force = self.epoch  # the same object: comparing it, at every turn, need not go through its texts
        self.laws = self._laws_of(self.in_force or self.epoch)

    @classmethod
    def restored(cls, partition: int, own: Laws, places: Places, parts: Mapping[bytes, bytes]) -> "Reign":
        """As the partition's state has it."""
        in_force, announced = (
            _EPOCH.decode_trusted(parts[key]) if key in parts else None for key in (EPOCH_KEY, ANNOUNCED_KEY)
        )
        return cls(own, epoch_of(partition, own, places), in_force, announced)

    @property
    def is_to_be_announced(self) -> bool:
        """Whether what was announced last, taken or not, is not what this process would have decide."""
        return (self.announced or self.in_force) != self.epoch

    def take(self, epoch: Epoch) -> Iterable[StatePart]:
        """From the record after this one on, this epoch decides; one of another partition, as after an import, does not."""
        if epoch.partition != self.epoch.partition:
            return
        if epoch.law != (self.in_force or self.epoch).law:
            self.laws = self._laws_of(epoch)
        self.in_force = self.epoch if epoch == self.epoch else epoch
        yield StatePart(EPOCH_KEY, _EPOCH.encode(epoch))
        if self.announced == epoch:
            self.announced = None
            yield StatePart(ANNOUNCED_KEY, None)

    def announce(self) -> Iterable[StatePart]:
        """The epoch's record is being appended. The first one decides from the beginning, since nothing did before it."""
        if self.in_force is None:
            self.in_force = self.epoch
            yield StatePart(EPOCH_KEY, _EPOCH.encode(self.epoch))
        self.announced = self.epoch
        yield StatePart(ANNOUNCED_KEY, _EPOCH.encode(self.epoch))

    def _laws_of(self, epoch: Epoch) -> Laws:
        if epoch.law == self.own.version:
            return self.own
        return carried_laws(epoch) or self.own
