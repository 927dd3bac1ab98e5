"""What the parts of one runner share: its connector, keyring and store; built once, by the runner."""

from collections.abc import Callable
from dataclasses import dataclass

from sauma.ids import EndpointId
from sauma_connectors.sdk.acts import Acts
from sauma_connectors.sdk.channel import Channel
from sauma_connectors.sdk.clients import Clients
from sauma_connectors.sdk.contract import Connector, Sink
from sauma_connectors.sdk.fact_rows import FactRows
from sauma_connectors.sdk.inbox import Inbox
from sauma_connectors.sdk.keyring import Keyring
from sauma_connectors.sdk.outbox import Outbox
from sauma_connectors.sdk.plans import Plans
from sauma_connectors.sdk.rows import Rows
from sauma_connectors.sdk.settings import RunnerSettings
from sauma_connectors.sdk.store import Store
from sauma_connectors.sdk.told import ToldOnce
from sauma_connectors.sdk.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Parts:
    """One runner's parts."""

    connector: Connector
    channel: Channel
    keyring: Keyring
    store: Store
    clock: Callable[[], int]
    settings: RunnerSettings
    clients: Clients
    rows: Rows
    outbox: Outbox
    inbox: Inbox
    facts: FactRows
    acts: Acts
    plans: Plans
    told: ToldOnce
    waiting: Waiting

    @property
    def endpoint(self) -> EndpointId:
        """The register."""
        return self.connector.endpoint

    @property
    def sink(self) -> Sink:
        """The register's way in."""
        return self.connector.sink


def parts_of_runner(
    connector: Connector,
    channel: Channel,
    keyring: Keyring,
    store: Store,
    clock: Callable[[], int],
    settings: RunnerSettings,
) -> Parts:
    """The parts over one open store."""
    rows, inbox = Rows(store), Inbox(store, connector.endpoint)
    facts = FactRows(connector.endpoint, keyring, store.key, rows, inbox)
    return Parts(
        connector=connector,
        channel=channel,
        keyring=keyring,
        store=store,
        clock=clock,
        settings=settings,
        clients=Clients(store),
        rows=rows,
        outbox=Outbox(store, connector.endpoint),
        inbox=inbox,
        facts=facts,
        acts=Acts(facts, rows, inbox),
        plans=Plans(store),
        told=ToldOnce(store),
        waiting=Waiting(settings.waits),
    )
