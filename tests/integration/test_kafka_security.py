"""TLS to a real broker: who shows the right certificate or the right password is let in, and nobody else."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from integration.log_worker import INPUT
from integration.test_log_ports import row
from sauma_services.runtime.errors import Failure, NeedsOperator
from sauma_services.runtime.kafka_log import KafkaLog
from sauma_services.runtime.kafka_topics import TopicAdmin
from sauma_services.runtime.open_log import kafka_settings
from sauma_services.runtime.ports import Append
from sauma_services.runtime.settings import load
from support.brokers import cluster

PASSWORD = "seam-and-thread"  # noqa: S105 - of a broker that lives for one test


@dataclass(frozen=True)
class Secured:
    """A broker whose second way in asks who it is."""

    bootstrap: str
    folder: Path


def key_and_chain(path: Path, issued: trustme.LeafCert) -> None:
    """As Kafka wants it: the key in PKCS 8, and the certificates after it."""
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), password=None)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form) + b"".join(pem.bytes() for pem in issued.cert_chain_pems))


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("certificates")
    ours, theirs = trustme.CA(key_type=trustme.KeyType.RSA), trustme.CA(key_type=trustme.KeyType.RSA)
    ours.cert_pem.write_to_path(str(folder / "ca.pem"))
    theirs.cert_pem.write_to_path(str(folder / "another-ca.pem"))
    key_and_chain(folder / "broker.pem", ours.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA))
    for name, ca in (("router", ours), ("stranger", theirs)):
        issued = ca.issue_cert(f"{name}.example", common_name=name, key_type=trustme.KeyType.RSA)
        issued.private_key_pem.write_to_path(str(folder / f"{name}.key"))
        issued.cert_chain_pems[0].write_to_path(str(folder / f"{name}.pem"))
    (folder / "password").write_text(PASSWORD + "\n", encoding="utf-8")
    (folder / "wrong-password").write_text("thread-and-seam", encoding="utf-8")
    options = (
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,FRONTED:SASL_SSL,CONTROLLER:PLAINTEXT",
        "listener.name.fronted.ssl.keystore.type=PEM",
        f"listener.name.fronted.ssl.keystore.location={folder}/broker.pem",
        "listener.name.fronted.ssl.truststore.type=PEM",
        f"listener.name.fronted.ssl.truststore.location={folder}/ca.pem",
        "listener.name.fronted.ssl.client.auth=required",
        "listener.name.fronted.sasl.enabled.mechanisms=PLAIN",
        (
            "listener.name.fronted.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule "
            f'required user_router="{PASSWORD}";'
        ),
    )
    with cluster(1, fronts=[0], options=options) as kafka:
        yield Secured(f"127.0.0.1:{kafka.nodes[0].behind}", folder)


def configured(secured: Secured, tmp_path: Path, **changed: str) -> Path:
    said = {
        "ca": "ca.pem",
        "certificate": "router.pem",
        "key": "router.key",
        "mechanism": "PLAIN",
        "user": "router",
        "password_file": "password",
        **changed,
    }
    lines = [
        f'{name} = "{secured.folder / value if "." in value or "password" in value else value}"'
        for name, value in said.items()
        if value
    ]
    path = tmp_path / "sauma.toml"
    path.write_text(
        f"""[machine]
data = "."
[log]
kind = "kafka"
bootstrap = "{secured.bootstrap}"
replicas = 1
answer_seconds = 5
[log.security]
"""
        + "\n".join(lines),
        encoding="utf-8",
    )
    return path


def test_a_certificate_and_a_password_open_the_log_and_its_administration(secured: Secured, tmp_path: Path) -> None:
    settings = kafka_settings(load(configured(secured, tmp_path)))
    log = KafkaLog(settings)
    log.create([row(INPUT)])
    log.publisher().publish(INPUT, [Append(INPUT, b"k", b"v")])
    loop = log.loop("router", [INPUT])
    while not (records := loop.read(1, 0.5)):
        loop.assigned()
    loop.commit(records, (), {})
    log.close()

    admin = TopicAdmin(settings)
    changes = admin.plan([row(INPUT)], [])
    admin.close()

    assert [record.value for record in records] == [b"v"]
    assert [change.kind for change in changes if change.kind == "create"] == []
    assert PASSWORD not in repr(settings)


WRONG = {
    "a wrong password": {"password_file": "wrong-password"},
    "a broker whom another vouches for": {"ca": "another-ca.pem"},
    "a certificate that another has given": {"certificate": "stranger.pem", "key": "stranger.key"},
    "no certificate": {"certificate": "", "key": ""},
}


@pytest.mark.parametrize("what", WRONG)
def test_whoever_shows_something_else_is_turned_away(secured: Secured, tmp_path: Path, what: str) -> None:
    log = KafkaLog(kafka_settings(load(configured(secured, tmp_path, **WRONG[what]))))
    with pytest.raises(Failure):
        log.create([row(INPUT)])
    log.close()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"key": ""}, "certificate and key go together"),
        ({"user": ""}, "mechanism, user and password_file go together"),
    ],
)
def test_half_of_what_belongs_together_is_refused(
    secured: Secured, tmp_path: Path, changed: dict[str, str], told: str
) -> None:
    with pytest.raises(NeedsOperator, match=told):
        load(configured(secured, tmp_path, **changed))


def test_a_file_that_is_not_there_is_named(secured: Secured, tmp_path: Path) -> None:
    settings = load(configured(secured, tmp_path, ca="nowhere.pem"))
    with pytest.raises(NeedsOperator, match=r"nowhere\.pem does not exist"):
        kafka_settings(settings)
