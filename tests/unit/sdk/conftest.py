"""The SDK's fixtures: a desk, and a client whom the multi-sector model has taken in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sauma_connectors.sdk.contract import RelationshipStep
from unit.sdk.desk import EMPLOYMENT, KELA, SOCIAL, Desk, Register, referral


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


@pytest.fixture
def kela(desk: Desk) -> Register:
    return desk.register(KELA)


@pytest.fixture
def employment(desk: Desk) -> Register:
    return desk.register(EMPLOYMENT)


@pytest.fixture
def social(desk: Desk) -> Register:
    return desk.register(SOCIAL)


@pytest.fixture
def together(desk: Desk, kela: Register, employment: Register, social: Register) -> Desk:
    """Kela has referred the client, employment has started the assessment, social care takes part."""
    kela.says("lahete-1", referral())
    desk.settle()
    employment.says("alku-1", RelationshipStep("started"))
    desk.settle()
    social.says("osallistuu-1", RelationshipStep("taking-part"))
    desk.settle()
    assert set(desk.log.outcomes()) == {"accepted"}
    return desk
