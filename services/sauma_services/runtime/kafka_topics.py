"""Compares the topics that the rows ask for with those a cluster has, and brings the cluster there; for an operator.

What cannot be changed without splitting a client's records, or without moving data, is refused and said.
"""

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ConfigResourceType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import KafkaError, SecurityDisabledError

from sauma_services.runtime.errors import NeedsOperator, TryAgain
from sauma_services.runtime.kafka_catalog import topic_config
from sauma_services.runtime.kafka_client import KafkaSettings, unanswered
from sauma_services.runtime.kafka_grants import Grant
from sauma_services.runtime.topics import TopicRow

# Together half a minute: a cluster that has not told its brokers by then has another trouble.
_SHOWN_LOOKS, _LOOK_SECONDS = 150, 0.2
_NAMED_MAX = 3
"""Topics named in a sentence: the plan names all."""


class Kind(StrEnum):
    """What is to be done."""

    CREATE = "create"
    ALTER = "alter"
    GRANT = "grant"
    REFUSED = "refused"
    """The cluster has what must not be changed: nothing is applied as long as there is one."""
    UNEXPECTED = "unexpected"
    """A right that no row gives. It is told and left: taking it away could shut out somebody whom only the operator knows."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, in words, and what applying it needs."""

    kind: Kind
    about: str
    what: str
    row: TopicRow | None = None
    configs: tuple[tuple[str, str], ...] = ()
    grant: Grant | None = None


class TopicAdmin:
    """An operator's view of one cluster. For one thread at a time."""

    def __init__(self, settings: KafkaSettings, *, principal: str = "User:{name}") -> None:
        """`principal` is how the cluster names whom the rows name."""
        self._settings = settings
        self._principal = principal
        try:
            self._admin = KafkaAdminClient(**settings.administration)
        except KafkaError as error:
            raise unanswered(settings, type(error).__name__) from error

    def plan(self, rows: Collection[TopicRow], grants: Collection[Grant]) -> list[Change]:
        """Everything that differs. Rights are compared only where the cluster asks for any."""
        try:
            return [*self._topics(rows), *self._rights(grants)]
        except KafkaError as error:
            raise TryAgain(f"Kafka, comparing topics: {type(error).__name__}") from error

    def apply(self, changes: Sequence[Change]) -> None:
        """Create, alter and grant. Raises NeedsOperator, having done nothing, where anything is refused."""
        refused = [change for change in changes if change.kind is Kind.REFUSED]
        if refused:
            names = sorted({change.about for change in refused})
            some = ", ".join(names[:_NAMED_MAX]) + (
                f" and {len(names) - _NAMED_MAX} more" if len(names) > _NAMED_MAX else ""
            )
            raise NeedsOperator(f"nothing is applied: see what the plan says is refused, of {some}")
        try:
            self._apply(changes)
            self._wait(changes)
        except KafkaError as error:
            name = type(error).__name__
            if not error.retriable:
                raise NeedsOperator(
                    f"Kafka, applying topics: {name}: see the cluster and [log] (replicas, rights)"
                ) from error
            raise TryAgain(f"Kafka, applying topics: {name}: run it again") from error

    def _wait(self, changes: Sequence[Change]) -> None:
        """Until the cluster shows what was applied: it says yes before all of its brokers know."""
        rows = [change.row for change in changes if change.row is not None]
        given = [change.grant for change in changes if change.grant is not None]
        pause = threading.Event()
        for _ in range(_SHOWN_LOOKS):
            if all(left.kind is Kind.UNEXPECTED for left in self.plan(rows, given)):
                return
            pause.wait(_LOOK_SECONDS)
        raise TryAgain("Kafka, applying topics: the cluster does not show what it has accepted: run it again")

    def close(self) -> None:
        """No use after this."""
        self._admin.close()

    def _topics(self, rows: Collection[TopicRow]) -> list[Change]:
        prefix = self._settings.prefix
        there = set(self._admin.list_topics())
        known = [row for row in rows if prefix + row.name in there]
        names = [prefix + row.name for row in known]
        described = {one["name"]: one for one in self._admin.describe_topics(names)} if names else {}
        configs = self._configs(names)
        changes = [self._created(row) for row in rows if prefix + row.name not in there]
        for row in known:
            name = prefix + row.name
            changes += self._compared(row, described[name]["partitions"], configs[name])
        return changes

    def _created(self, row: TopicRow) -> Change:
        copies = self._settings.replicas
        what = f"{row.partitions} partitions, {copies} copies, {row.cleanup.value}"
        return Change(Kind.CREATE, row.name, what, row)

    def _compared(self, row: TopicRow, partitions: Sequence[Any], configs: Mapping[str, str]) -> list[Change]:
        changes: list[Change] = []
        if len(partitions) != row.partitions:
            what = (
                f"has {len(partitions)} partitions and the settings ask for {row.partitions}. Its records are keyed by "
                f"{row.key}: with another count the later ones of a client would lie in another partition than the earlier "
                "ones, and out of order. Set log.partitions back, or move to a new prefix"
            )
            changes.append(Change(Kind.REFUSED, row.name, what))
        copies = {len(partition["replica_nodes"]) for partition in partitions}
        if copies != {self._settings.replicas}:
            what = f"has {sorted(copies)} copies and the settings ask for {self._settings.replicas}: move them by hand"
            changes.append(Change(Kind.REFUSED, row.name, what))
        wanted = topic_config(row, self._settings)
        differ = tuple((name, value) for name, value in wanted.items() if configs.get(name) != value)
        if differ:
            what = ", ".join(f"{name}: {configs.get(name)} becomes {value}" for name, value in differ)
            changes.append(Change(Kind.ALTER, row.name, what, row, differ))
        return changes

    def _configs(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        answer = self._admin.describe_configs(asked, config_filter="all")["topic"]
        return {name: {key: value["value"] for key, value in found.items()} for name, found in answer.items()}

    def _rights(self, grants: Collection[Grant]) -> list[Change]:
        everything = ACLFilter(
            principal=None,
            host=None,
            operation=ACLOperation.ANY,
            permission_type=ACLPermissionType.ANY,
            resource_pattern=ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
        )
        try:
            found, _ = self._admin.describe_acls(everything)
        except SecurityDisabledError:
            return []
        there = {_told(acl) for acl in found}
        wanted = {_told(self._acl(grant)): grant for grant in grants}
        changes = [
            Change(Kind.GRANT, grant.name, " ".join(told[:3]), grant=grant)
            for told, grant in sorted(wanted.items())
            if told not in there
        ]
        ours = {(told[2], told[3]) for told in wanted}
        changes += [
            Change(Kind.UNEXPECTED, told[3].removeprefix(self._settings.prefix), " ".join(told[:3]))
            for told in sorted(there - wanted.keys())
            if (told[2], told[3]) in ours
        ]
        return changes

    def _acl(self, grant: Grant) -> ACL:
        pattern = ACLResourcePatternType.PREFIXED if grant.is_prefix else ACLResourcePatternType.LITERAL
        name = self._settings.prefix + grant.name
        return ACL(
            principal=self._principal.format(name=grant.who),
            host="*",
            operation=ACLOperation[grant.operation],
            permission_type=ACLPermissionType.ALLOW,
            resource_pattern=ResourcePattern(ResourceType[grant.resource], name, pattern),
        )

    def _apply(self, changes: Sequence[Change]) -> None:
        prefix = self._settings.prefix
        new = {
            prefix + change.row.name: {
                "num_partitions": change.row.partitions,
                "replication_factor": self._settings.replicas,
                "configs": topic_config(change.row, self._settings),
            }
            for change in changes
            if change.kind is Kind.CREATE and change.row is not None
        }
        if new:
            self._admin.create_topics(new, wait_for_metadata=True)
        altered = [
            ConfigResource(ConfigResourceType.TOPIC, prefix + change.about, dict(change.configs))
            for change in changes
            if change.kind is Kind.ALTER
        ]
        if altered:
            self._admin.alter_configs(altered)
        granted = [self._acl(change.grant) for change in changes if change.grant is not None]
        if granted:
            answer = self._admin.create_acls(granted)
            if answer["failed"]:
                raise NeedsOperator(f"{len(answer['failed'])} rights could not be given: see the brokers' log")


def _told(acl: Any) -> tuple[str, str, str, str, str]:
    pattern = acl.resource_pattern
    return (
        acl.principal,
        f"{'may' if acl.permission_type is ACLPermissionType.ALLOW else 'may not'} {acl.operation.name.lower()}",
        pattern.resource_type.name.lower(),
        pattern.resource_name,
        pattern.pattern_type.name.lower(),
    )
