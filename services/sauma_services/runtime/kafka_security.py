"""How a client proves who it is to a cluster, and the cluster to it: in the words of either library; it decides no rights."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class KafkaSecurity:
    """TLS always; by a client certificate, or by a name and a password, or both."""

    ca: Path | None = None
    """Whose certificates are believed; None: those that the system believes."""
    certificate: Path | None = None
    key: Path | None = None
    mechanism: str = ""
    """PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; empty: the certificate says who it is."""
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def protocol(self) -> str:
        """Kafka's name for it."""
        return "SASL_SSL" if self.mechanism else "SSL"

    def for_library(self) -> dict[str, object]:
        """For confluent-kafka."""
        return {
            "security.protocol": self.protocol,
            **_given("ssl.ca.location", self.ca),
            **_given("ssl.certificate.location", self.certificate),
            **_given("ssl.key.location", self.key),
            **(self._named("sasl.mechanism", "sasl.username", "sasl.password")),
        }

    def for_administration(self) -> dict[str, object]:
        """For kafka-python."""
        return {
            "security_protocol": self.protocol,
            **_given("ssl_cafile", self.ca),
            **_given("ssl_certfile", self.certificate),
            **_given("ssl_keyfile", self.key),
            **self._named("sasl_mechanism", "sasl_plain_username", "sasl_plain_password"),
        }

    def _named(self, mechanism: str, user: str, password: str) -> dict[str, object]:
        if not self.mechanism:
            return {}
        return {mechanism: self.mechanism, user: self.user, password: self.password}


def _given(name: str, path: Path | None) -> dict[str, object]:
    return {name: str(path)} if path is not None else {}
