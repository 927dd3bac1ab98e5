"""A change of rules on Kafka: the same border and the same slices in every partition as on the embedded log."""

from pathlib import Path

from sauma_services.runtime.clock import ManualClock
from sauma_services.runtime.kafka_client import KafkaSettings
from sauma_services.runtime.kafka_log import KafkaLog
from support.line import Line
from support.motion import DAY_MS, LAWS, MIDNIGHT, changed_in_three_partitions, corrected, journal_of, subject
from support.openings import start
from support.world import E, marks, put, puts

NARROWER = corrected("tym-15-background", 'to = ["the-three"]', 'to = ["employment", "social-care", "health-care"]')


def test_each_partition_has_its_own_border_and_its_own_slices(bootstrap: str, prefix: str, tmp_path: Path) -> None:
    with Line(tmp_path, clock=ManualClock(MIDNIGHT - DAY_MS), laws=LAWS) as line:
        for number in range(1, 13):
            start(line, subject(number))
            line.say(E, puts(put("background", "background", 3, marks=marks("kela"))), subject=subject(number))
        journal = journal_of(line)
    log = KafkaLog(KafkaSettings(bootstrap, prefix=prefix, replicas=1))
    changed_in_three_partitions(log, journal, (LAWS, NARROWER, LAWS))
    log.close()
