"""Opens the log that the settings name; the only place that knows which logs there are."""

from typing import TYPE_CHECKING

from sauma_services.runtime.clock import Clock
from sauma_services.runtime.errors import NeedsOperator
from sauma_services.runtime.ports import Log
from sauma_services.runtime.settings import SecuritySettings, Settings
from sauma_services.runtime.sqlite_log import SqliteLog

if TYPE_CHECKING:
    from sauma_services.runtime.kafka_client import KafkaSettings
    from sauma_services.runtime.kafka_security import KafkaSecurity


def open_log(settings: Settings, *, clock: Clock | None = None, instance: str | None = None) -> Log:
    """The log. `clock` gives the stamps of the embedded one; a cluster stamps by its own. `instance` overrides the setting.

    Raises NeedsOperator where it cannot be opened, or where what it needs is not installed.
    """
    if settings.log.kind == "sqlite":
        return SqliteLog(settings.log_path, clock=clock)
    try:
        from sauma_services.runtime.kafka_log import KafkaLog  # noqa: PLC0415 - the embedded log needs none of it
    except ImportError as missing:
        raise NeedsOperator(f"the log on Kafka needs the package {missing.name}: install sauma[kafka]") from missing
    return KafkaLog(kafka_settings(settings, instance=instance))


def kafka_settings(settings: Settings, *, instance: str | None = None) -> "KafkaSettings":
    """What the clients of Kafka need of the settings."""
    from sauma_services.runtime.kafka_client import KafkaSettings  # noqa: PLC0415 - as above

    log = settings.log
    return KafkaSettings(
        bootstrap=log.bootstrap,
        instance=instance or log.instance,
        prefix=log.prefix,
        replicas=log.replicas,
        session_seconds=log.session_seconds,
        transaction_seconds=log.transaction_seconds,
        answer_seconds=log.answer_seconds,
        whole_seconds=log.whole_seconds,
        security=_security(log.security) if log.security else None,
    )


def _security(said: SecuritySettings) -> "KafkaSecurity":
    from sauma_services.runtime.kafka_security import KafkaSecurity  # noqa: PLC0415 - as above

    password = ""
    if said.password_file is not None:
        try:
            password = said.password_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise NeedsOperator(f"{said.password_file} cannot be read ({error.strerror})") from error
    for path in (said.ca, said.certificate, said.key):
        if path is not None and not path.is_file():
            raise NeedsOperator(f"{path} does not exist: correct it under [log.security]")
    return KafkaSecurity(said.ca, said.certificate, said.key, said.mechanism, said.user, password)
