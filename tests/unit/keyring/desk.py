"""What the keyring's tests share: releases held by hand, a clock told to pass, and one fact to seal."""

from dataclasses import dataclass, field
from datetime import date

from sauma.henkilotunnus import for_test
from sauma.ids import EndpointId, FactId, SubjectId
from sauma.sealing import SealedAs, digest
from sauma_connectors.sdk.keyring import Keyring, OpenAnswer
from sauma_services.keyring import FileKeyring, KeyringFiles, Release

PERSON = for_test(date(1952, 10, 13), 900)
OTHER_PERSON = for_test(date(2001, 2, 28), 987)
OWNER = EndpointId("social-08")
RECIPIENT = EndpointId("employment-tampereen-seutu")
FACT = FactId("0f" * 16)
CONTENT = b"canary: agreed to start on 1 March"
_IS_A_KEYRING: type[Keyring] = FileKeyring  # for the type checker: the file keyring is what connectors are promised


@dataclass
class HeldReleases:
    """The port's other side, by hand."""

    held: dict[tuple[SubjectId, FactId, EndpointId], Release] = field(default_factory=dict)

    def release_of(self, subject: SubjectId, fact: FactId, endpoint: EndpointId) -> Release | None:
        return self.held.get((subject, fact, endpoint))


@dataclass
class Clock:
    """Seconds that pass when told to."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Desk:
    """A keyring with its files, releases and clock."""

    keyring: FileKeyring
    files: KeyringFiles
    releases: HeldReleases
    clock: Clock

    def sealed_as(self, subject: SubjectId) -> SealedAs:
        return SealedAs(OWNER, "inc-1", 7, subject, "item-3", 6, "ordinary", "plan-item-1", bytes(range(16)))

    def release(self, sealed_as: SealedAs, *, version: int = 1, is_live: bool = True) -> None:
        key = (SubjectId(sealed_as.subject), FACT, RECIPIENT)
        self.releases.held[key] = Release(version, digest(sealed_as), is_live)

    def open(self, sealed_as: SealedAs, cell: bytes, *, version: int = 1) -> OpenAnswer:
        return self.keyring.open(
            endpoint=RECIPIENT,
            subject=SubjectId(sealed_as.subject),
            fact=FACT,
            version=version,
            digest=digest(sealed_as),
            cell=cell,
        )

    def sealed(self, person: str = PERSON, content: bytes = CONTENT) -> tuple[SealedAs, bytes]:
        """A cell of this person's, released to the recipient in version 1."""
        sealed_as = self.sealed_as(self.keyring.subject_of(person))
        self.release(sealed_as)
        return sealed_as, self.keyring.seal(sealed_as, content)

    def reopened(self) -> "Desk":
        """The same desk with a keyring that remembers nothing, as after a restart."""
        self.keyring.close()
        self.keyring = FileKeyring(self.files, self.releases, monotonic_seconds=self.clock)
        return self

    def bytes_on_disk(self) -> bytes:
        """Every byte of every file of the keyring, also of a write-ahead log.

        Reading the database file beside SQLite drops this process's locks on it: only where nobody else writes.
        """
        folders = {path.parent for path in (self.files.database, self.files.master_key, self.files.ledger)}
        return b"\n".join(
            path.read_bytes() for folder in folders for path in sorted(folder.iterdir()) if path.is_file()
        )
