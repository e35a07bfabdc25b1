"""What the feed reads from a real broker, and what it says when the broker refuses."""

import contextlib
import datetime
import shutil
import subprocess
import threading
import uuid
from urllib.parse import urlsplit

import pika
import pytest
from bus_place import QUEUE
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from proxy import Proxy

from fmn_core.errors import ConfigError, TransportError, UsageError
from fmn_core.subscription import Subscription
from fmn_core.transport.amqp.feed import Feed, broker_parameters


def subscription(settings):
    return Subscription.from_configuration(settings, "configuration of a test")


@contextlib.contextmanager
def feed(settings):
    with contextlib.closing(Feed(subscription(settings), patience=10)) as opened:
        yield opened


def all_of(opened, count):
    found = []
    while len(found) < count:
        batch = opened.receive(100, timeout=10)
        assert batch, f"only {len(found)} of {count} arrived"
        found += batch
    return found


def test_everything_that_came_along_is_handed_out(bus_place):
    more = {"content_type": "application/json", "timestamp": 5, "priority": 3}
    bus_place.publish("a.b", {"k": 1}, {"x": 1}, **more)
    with feed(bus_place.settings()) as opened:
        (one,) = all_of(opened, 1)
    assert (one.topic, one.body, one.message_id, one.headers) == ("a.b", b'{"k": 1}', "id of a.b", {"x": 1})
    assert (one.content_encoding, one.content_type, one.timestamp, one.priority) == ("utf-8", *more.values())
    assert one.redelivered is False


def test_what_is_acknowledged_is_gone_and_the_rest_comes_again(bus_place):
    for number in range(10):
        bus_place.publish(f"n.{number}", {})
    with feed(bus_place.settings()) as opened:
        first = all_of(opened, 10)
        opened.ack([first[7], first[3]])
        opened.ack([*first[:3], first[4]])
    with feed(bus_place.settings()) as opened:
        second = all_of(opened, 4)
        assert [one.topic for one in second] == ["n.5", "n.6", "n.8", "n.9"]
        assert all(one.redelivered for one in second)
        opened.ack(second)
    assert bus_place.waiting() == 0


def test_no_more_is_out_than_the_configuration_says(bus_place):
    for number in range(5):
        bus_place.publish(f"n.{number}", {})
    with feed(bus_place.settings(qos={"prefetch_count": 2, "prefetch_size": 0})) as opened:
        held = all_of(opened, 2)
        assert opened.receive(100, timeout=0.2) == []
        opened.ack(held)
        assert [one.topic for one in all_of(opened, 2)] == ["n.2", "n.3"]


def test_it_hands_out_no_more_than_asked_and_keeps_the_rest(bus_place):
    for number in range(3):
        bus_place.publish(f"n.{number}", {})
    with feed(bus_place.settings()) as opened:
        assert [len(opened.receive(1, timeout=10)) for _ in range(3)] == [1, 1, 1]


def test_missing_exchanges_queues_and_bindings_are_made(bus_place):
    name = f"{bus_place.name}.made"
    settings = bus_place.settings(
        queues={name: QUEUE | {"auto_delete": True}},
        exchanges={name: {"type": "topic", "durable": False, "auto_delete": True, "arguments": {}}},
        bindings=[{"queue": name, "exchange": name, "routing_keys": ["x.*", "y.#"]}],
    )
    with feed(settings) as opened:
        for topic in ("x.1", "x.1.2", "y.1.2"):
            bus_place.channel.basic_publish(name, topic, b"{}")
        assert [one.topic for one in all_of(opened, 2)] == ["x.1", "y.1.2"]


def test_a_queue_that_the_broker_names_is_bound_under_its_name(bus_place):
    anonymous = {"durable": False, "auto_delete": True, "exclusive": True, "arguments": {}}
    bindings = [{"exchange": bus_place.name, "routing_keys": ["#"]}]
    with feed(bus_place.settings(queues={"": anonymous}, bindings=bindings)) as opened:
        bus_place.publish("a.b", {})
        assert all_of(opened, 1)[0].topic == "a.b"


def test_an_exchange_of_other_arguments_is_right_as_it_is(bus_place):
    other = {"type": "fanout", "durable": True, "auto_delete": True, "arguments": {}}
    with feed(bus_place.settings(exchanges={bus_place.name: other})) as opened:
        bus_place.publish("a.b", {})
        assert len(all_of(opened, 1)) == 1


def test_with_passive_declares_nothing_is_made_but_what_is_there_serves(bus_place):
    with feed(bus_place.settings(passive_declares=True)) as opened:
        bus_place.publish("a.b", {})
        assert len(all_of(opened, 1)) == 1


def refusal(settings):
    with pytest.raises(TransportError) as caught, feed(settings):
        pass
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_a_missing_queue_with_passive_declares_is_one_sentence(bus_place):
    text = refusal(bus_place.settings(passive_declares=True, queues={"nowhere": QUEUE}))
    assert text.startswith(
        "queue 'nowhere' of the bus does not exist, and passive_declares = true in the configuration of the bus "
        "leaves it to the operator of the bus to make it"
    )


def test_a_queue_with_other_arguments_is_one_sentence_that_says_which(bus_place):
    text = refusal(bus_place.settings(queues={bus_place.name: QUEUE | {"durable": True}}))
    assert text.startswith(f"queue '{bus_place.name}' of the bus exists with other arguments than [queues] says")
    assert "'durable'" in text


def test_a_missing_exchange_is_one_sentence(bus_place):
    bindings = [{"queue": bus_place.name, "exchange": "nowhere", "routing_keys": ["#"]}]
    text = refusal(bus_place.settings(bindings=bindings))
    assert text.startswith("exchange 'nowhere' of the bus does not exist: name another one in [[bindings]]")


def test_an_exclusive_queue_of_another_is_one_sentence(bus_place):
    name = f"{bus_place.name}.mine"
    bus_place.channel.queue_declare(name, exclusive=True)
    text = refusal(bus_place.settings(queues={name: QUEUE | {"exclusive": True}}, bindings=[]))
    assert text.startswith(f"queue '{name}' of the bus is exclusive to another connection")


def test_a_queue_that_another_consumer_has_to_itself_is_one_sentence(bus_place):
    bus_place.channel.basic_consume(bus_place.name, lambda *_: None, exclusive=True)
    assert refusal(bus_place.settings()).startswith(
        f"this account may not read queue '{bus_place.name}' of the bus, or"
    )


def test_wrong_credentials_are_one_sentence_without_them(bus_place):
    host = urlsplit(bus_place.url).netloc.rpartition("@")[2]
    text = refusal(bus_place.settings(amqp_url=f"amqp://guest:secret@{host}/%2F"))
    assert "it refuses user name and password" in text
    assert "secret" not in text


def test_no_broker_is_one_sentence():
    with Proxy("127.0.0.1", 1) as proxy:
        url = proxy.url("amqp://guest:guest@broker/%2F")
    assert "cannot be reached" in refusal({"amqp_url": url, "queues": {"q": QUEUE}})


@pytest.fixture
def visitor(bus_place):
    """The URL of an account that may read and nothing else."""
    name = f"fmn-test-{uuid.uuid4().hex[:8]}"
    if shutil.which("rabbitmqctl") is None:
        pytest.skip("no rabbitmqctl to make an account with")
    for command in (["add_user", name, "pw"], ["set_permissions", name, "^$", "^$", ".*"]):
        done = subprocess.run(["rabbitmqctl", *command], capture_output=True, timeout=60, check=False)
        if done.returncode:
            pytest.skip(f"rabbitmqctl may not make an account: {done.stderr.decode()[-200:]}")
    host = urlsplit(bus_place.url).netloc.rpartition("@")[2]
    yield f"amqp://{name}:pw@{host}/%2F"
    subprocess.run(["rabbitmqctl", "delete_user", name], capture_output=True, timeout=60, check=True)


def test_an_account_that_may_not_declare_is_one_sentence_with_what_to_do(bus_place, visitor):
    text = refusal(bus_place.settings(amqp_url=visitor))
    assert text.startswith(
        f"this account may not declare queue '{bus_place.name}' on the bus: set passive_declares = true"
    )


def test_an_account_that_may_not_bind_is_one_sentence_with_what_to_do(bus_place, visitor):
    text = refusal(bus_place.settings(amqp_url=visitor, passive_declares=True))
    assert text.startswith(
        f"this account may not bind queue '{bus_place.name}' to exchange '{bus_place.name}' of the bus"
    )


def test_an_account_that_may_only_read_reads(bus_place, visitor):
    with feed(bus_place.settings(amqp_url=visitor, passive_declares=True, bindings=[])) as opened:
        bus_place.publish("a.b", {})
        assert len(all_of(opened, 1)) == 1


def test_a_queue_that_is_deleted_meanwhile_is_told(bus_place):
    with feed(bus_place.settings()) as opened:
        bus_place.channel.queue_delete(bus_place.name)
        with pytest.raises(TransportError, match="the bus ended the consumer: its queue was deleted"):
            opened.receive(1, timeout=10)


def test_a_broker_that_goes_away_is_told(bus_place):
    host, port = pika.URLParameters(bus_place.url).host, pika.URLParameters(bus_place.url).port
    with Proxy(host, port) as proxy, feed(bus_place.settings(amqp_url=proxy.url(bus_place.url))) as opened:
        cut = threading.Timer(0.1, proxy.cut)
        cut.start()
        with pytest.raises(TransportError, match=r"broker 127\.0\.0\.1"):
            opened.receive(1, timeout=10)
        cut.join()


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"qos": {"prefetch_count": "many"}}, "qos.prefetch_count: must be a whole number"),
        ({"qos": {"prefetch_count": -1}}, "qos.prefetch_count: "),
        ({"amqp_url": 5}, "amqp_url: must be text"),
        ({"queues": {"q": {"durable": "perhaps"}}}, "queues.q.durable: must be true or false"),
        ({"bindings": [{"exchange": "e", "routing_keys": [5]}]}, "bindings.0.routing_keys.0: must be text"),
    ],
)
def test_a_configuration_that_the_library_lets_pass_and_is_wrong_all_the_same_is_one_sentence(changes, mistake):
    with pytest.raises(ConfigError) as caught:
        subscription({"amqp_url": "amqp://", "queues": {"q": QUEUE}} | changes)
    assert mistake in str(caught.value)


def certificate(folder):
    """Write a certificate and its key, and return the files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fmn")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return files


def settings_with(url, **tls):
    return subscription({"amqp_url": url, "queues": {"q": QUEUE}, "client_properties": {"app": "Bell"}, "tls": tls})


def test_with_a_certificate_of_ours_it_says_who_we_are(tmp_path):
    cert, key = certificate(tmp_path)
    found = broker_parameters(settings_with("amqps://b", ca_cert=str(cert), certfile=str(cert), keyfile=str(key)))
    assert isinstance(found.credentials, pika.credentials.ExternalCredentials)
    assert found.ssl_options.context.cert_store_stats()["x509"] == 1
    assert found.ssl_options.server_hostname == "b"
    assert found.client_properties["app"] == "Bell"


def test_without_tls_in_the_url_certificates_mean_nothing(tmp_path):
    found = broker_parameters(settings_with("amqp://me:pw@b", certfile="nowhere", keyfile="nowhere"))
    assert found.ssl_options is None
    assert found.credentials == pika.PlainCredentials("me", "pw")


def test_a_certificate_that_is_none_is_one_sentence(tmp_path):
    (tmp_path / "none.pem").write_text("nothing")
    with pytest.raises(UsageError, match=r"certificates .* cannot be used: .*none\.pem"):
        broker_parameters(settings_with("amqps://b", ca_cert=str(tmp_path / "none.pem")))
