"""The withdrawal barrier on Kafka: once a withdrawal is acknowledged, nothing that rested on it becomes visible."""

from pathlib import Path

from faults.kafka.barrier import under_load
from faults.kafka.stage import brokers, stage


def test_nothing_of_a_consent_becomes_visible_after_its_withdrawal(tmp_path: Path) -> None:
    with brokers(1) as on, stage(on, tmp_path) as set_up:
        found = under_load(set_up, seed=3, rate=300.0, withdrawals_min=60)

    assert found.after == ()
    assert len(found.milliseconds) == found.withdrawals >= 60
    assert found.acknowledged >= found.withdrawals
    assert all(took >= 0 for took in found.milliseconds)
