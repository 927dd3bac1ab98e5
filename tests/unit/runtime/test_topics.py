"""A topic is one row, and an endpoint's topics are found from its id and back."""

import pytest

from sauma_services.runtime import topics


def test_an_endpoints_topics_bear_its_id() -> None:
    assert topics.inbound("social-08") == topics.inbound_row("social-08").name == "in.social-08"
    assert topics.deliveries("kela") == topics.deliveries_row("kela").name == "deliver.kela"


@pytest.mark.parametrize(
    "name", [topics.inbound("social-08"), topics.narrowing("social-08"), topics.deliveries("social-08")]
)
def test_the_endpoint_is_read_back_from_the_topic(name: str) -> None:
    assert topics.endpoint_of(name) == "social-08"


def test_a_fixed_topic_is_no_endpoints() -> None:
    assert [topics.endpoint_of(row.name) for row in topics.FIXED] == [None] * len(topics.FIXED)


@pytest.mark.parametrize("endpoint", ["", "Kela", "a.b", "-a", "a-", "a--b", "a/b", "ä"])
def test_a_malformed_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(ValueError, match="no endpoint id"):
        topics.inbound(endpoint)


def test_only_the_endpoint_writes_its_inbound_topic() -> None:
    assert topics.inbound_row("kela").owner == topics.narrowing_row("kela").owner == "kela"


def test_only_state_is_compacted() -> None:
    rows = (*topics.FIXED, topics.inbound_row("kela"), topics.deliveries_row("kela"), topics.state_row("router"))

    assert [row.name for row in rows if row.cleanup is topics.Cleanup.COMPACT] == ["state.router"]
