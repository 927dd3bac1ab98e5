"""Reads the settings of a machine from one TOML file, and says of every mistake in it where it is and what to do."""

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sauma_services.runtime.errors import NeedsOperator
from sauma_services.runtime.loop import LoopSettings

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$"
"""What Kafka takes as part of a name, and file systems too."""

_ADDRESSES = r"^$|^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$|^\[[^\s,]+\]:\d+(,\[[^\s,]+\]:\d+)*$"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MachineSettings(_Section):
    """`[machine]`: what belongs to this machine as a whole."""

    data: Path
    """The folder for everything that is written. A relative path starts from the settings file's folder."""


class SecuritySettings(_Section):
    """`[log.security]`: TLS to the Kafka cluster. Relative paths start from the settings file's folder."""

    ca: Path | None = None
    """Whose certificates are believed, as PEM; left out: those that the system believes."""
    certificate: Path | None = None
    key: Path | None = None
    """This process's own, as PEM, where the cluster asks for one."""
    mechanism: Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = ""
    user: str = ""
    password_file: Path | None = None
    """A file with the password alone: this one may be shown to others."""

    @model_validator(mode="after")
    def _check(self) -> "SecuritySettings":
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        if bool(self.mechanism) != bool(self.user and self.password_file):
            raise ValueError("mechanism, user and password_file go together")
        return self

    def beside(self, folder: Path) -> "SecuritySettings":
        """The same with absolute paths."""
        paths = {name: getattr(self, name) for name in ("ca", "certificate", "key", "password_file")}
        return self.model_copy(update={name: folder / path for name, path in paths.items() if path is not None})


class LogSettings(_Section):
    """`[log]`: where the log is."""

    kind: Literal["sqlite", "kafka"] = "sqlite"
    """One file on this machine, or an Apache Kafka cluster that many machines share."""
    path: Path | None = None
    """sqlite: the log's file. A relative path starts from the data folder; left out, it is `log.sqlite3` there."""
    partitions: int | None = Field(default=None, ge=1, le=1_000)
    """How many parts the work can be shared into; fixed once the topics are there. Left out: 1 for sqlite, where one
    process does it all; 6 for kafka, which two, three or six processes share evenly."""
    bootstrap: str = Field(default="", pattern=_ADDRESSES)
    """kafka: where the cluster is found: `host:port`, or several with commas between."""
    instance: str = Field(default="1", pattern=NAME)
    """kafka: this process's name among those of its kind; `--instance` on the command line comes before it."""
    prefix: str = Field(default="", pattern=rf"^$|{NAME}")
    """kafka: before the names of all topics and groups, so that several installations can share a cluster."""
    replicas: int = Field(default=3, ge=1, le=15)
    """kafka: copies of each topic. Fewer than three, and a broker that is away stops the writing or loses data."""
    principal: str = "User:{name}"
    """kafka: how the cluster calls whom `sauma topics` gives rights to; `{name}` is a service or an endpoint."""
    session_seconds: float = Field(default=10.0, ge=1, le=1_800)
    """kafka: a process that gives no sign of life for so long loses its partitions to the others. Shorter puts out one that
    only paused; longer lets its clients wait."""
    transaction_seconds: float = Field(default=15.0, ge=1, le=900)
    """kafka: what a killed process left open is rolled back after so long, and readers wait until then. Shorter fences a
    process that only paused while it wrote."""
    answer_seconds: float = Field(default=10.0, ge=1, le=300)
    """kafka: without an answer for so long, the work since the last commit is done again. Shorter makes doubts of slow
    disks; longer than `transaction_seconds` is no use."""
    whole_seconds: float = Field(default=120.0, ge=1, le=3_600)
    """kafka: a reader gives up after waiting so long for open transactions of others."""
    security: SecuritySettings | None = None
    """kafka: left out, everything goes in the clear and nobody asks who this is."""

    @model_validator(mode="after")
    def _check(self) -> "LogSettings":
        if self.kind == "kafka" and not self.bootstrap:
            raise ValueError('kind = "kafka" needs bootstrap, the address of the cluster')
        if self.answer_seconds > self.transaction_seconds:
            raise ValueError("answer_seconds is longer than transaction_seconds")
        return self

    @property
    def partitions_or_default(self) -> int:
        """`partitions`, or what suits the kind."""
        return self.partitions or (1 if self.kind == "sqlite" else 6)


class BatchSettings(_Section):
    """`[batch]`: how much a loop takes on in a turn. The defaults and their reasons are in `LoopSettings`."""

    records_max: int = Field(default=LoopSettings().records_max, ge=1, le=10_000)
    work_seconds_max: float = Field(default=LoopSettings().work_seconds_max, gt=0, le=10)
    wait_seconds_max: float = Field(default=LoopSettings().wait_seconds_max, gt=0, le=10)
    retry_seconds_max: float = Field(default=LoopSettings().retry_seconds_max, gt=0, le=600)

    def for_loop(self) -> LoopSettings:
        """The same as the loop takes it."""
        return LoopSettings(self.records_max, self.wait_seconds_max, self.retry_seconds_max, self.work_seconds_max)


class EndpointSettings(_Section):
    """One `[[endpoint]]`: a register that the places of the country do not have, such as a service provider's."""

    id: str = Field(min_length=1)
    role: str = Field(min_length=1)
    organiser: str = Field(min_length=1)
    name: str = Field(min_length=1)


class ConnectorSettings(BaseModel):
    """One `[[connector]]`. Keys beyond these are the connector's own, in `options`; the connector checks them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str = Field(min_length=1)
    endpoints: tuple[str, ...] = Field(min_length=1)
    folder: Path | None = None
    """The connector's folder, if it has one. A relative path starts from the settings file's folder."""
    accept_shrunk: bool = False
    """An operator says that a list of less than half its former length is right as it is."""
    acts_confirmed: tuple[str, ...] = ()
    """Rows of acts that were held back after a connector's store was lost, and that an operator says were never sent."""

    @property
    def options(self) -> dict[str, Any]:
        """The keys that only this kind of connector knows."""
        return dict(self.model_extra or {})


class Settings(_Section):
    """The whole file, with paths made absolute by `load`."""

    machine: MachineSettings
    log: LogSettings = LogSettings()
    batch: BatchSettings = BatchSettings()
    endpoint: tuple[EndpointSettings, ...] = ()
    connector: tuple[ConnectorSettings, ...] = ()

    @property
    def log_path(self) -> Path:
        """The log's file."""
        return self.machine.data / (self.log.path or "log.sqlite3")


def load(path: Path) -> Settings:
    """The settings in the file at `path`. Raises NeedsOperator naming the file, every wrong key, and what to do."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NeedsOperator(f"{path}: cannot be read ({error.strerror}): create it or correct the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NeedsOperator(f"{path}: is not TOML: {error}") from error
    try:
        settings = Settings.model_validate(content)
    except ValidationError as error:
        raise NeedsOperator("\n".join(_advice(path, found) for found in error.errors())) from error
    folder = path.resolve().parent
    return settings.model_copy(
        update={
            "machine": settings.machine.model_copy(update={"data": folder / settings.machine.data}),
            "log": settings.log.model_copy(
                update={"security": settings.log.security.beside(folder) if settings.log.security else None}
            ),
            "connector": tuple(
                one.model_copy(update={"folder": folder / one.folder}) if one.folder else one
                for one in settings.connector
            ),
        }
    )


def _advice(path: Path, found: Any) -> str:
    """One mistake in a line. The value itself is left out: it may be a password in the wrong place."""
    key = ".".join(str(step) for step in found["loc"])
    match found["type"]:
        case "extra_forbidden":
            todo = "unknown key: remove it or correct its spelling"
        case "missing":
            todo = "missing: add it"
        case "string_pattern_mismatch" if key == "log.bootstrap":
            todo = "must be host:port, or several with commas between: correct it"
        case _:
            todo = f"{found['msg'][:1].lower()}{found['msg'][1:]}: correct it"
    return f"{path}: {key}: {todo}"
