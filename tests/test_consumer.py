"""What the consumer lets through, and in which form."""

import contextlib
import json

import pytest

from fmn_core.codec import MAX_MESSAGE_BYTES, decode_message
from fmn_core.config import ConsumerSettings
from fmn_core.consumer import Consumer
from fmn_core.errors import TransportError
from fmn_core.lookups import Stale
from fmn_core.model import Message
from fmn_core.staleness import STALE, decode_stale
from fmn_core.testing import message
from fmn_core.transport.base import MESSAGES
from fmn_core.transport.embedded import EmbeddedTransport

SETTINGS = ConsumerSettings(junk=(".buildsys.tag", ".faf.report.threshold1"), ignored_owners=("@rubygems", "robot"))


@pytest.fixture
def transport(tmp_path):
    with contextlib.closing(EmbeddedTransport(tmp_path / "queue.sqlite")) as transport:
        yield transport


def queued(transport):
    return [envelope.payload for envelope in transport.receive([MESSAGES], 100)]


def new(topic, body=None):
    """A message in the form of fedora-messaging."""
    return json.dumps({"topic": f"org.fedoraproject.prod.{topic}", "body": body or {}, "id": topic}).encode()


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        pytest.param(new("buildsys.tag"), False, id="junk"),
        pytest.param(new("buildsys.untag"), True, id="junk ends with a word, not within one"),
        pytest.param(new("buildsys.tag.more"), True, id="junk is an end"),
        pytest.param(new("copr.build.end", {"owner": "@rubygems"}), False, id="ignored group in Copr"),
        pytest.param(new("copr.build.end", {"owner": "robot"}), False, id="ignored owner in Copr"),
        pytest.param(new("copr.build.end", {"owner": "marta"}), True, id="other owner in Copr"),
        pytest.param(new("copr.build.end", {"owner": ["robot"]}), True, id="an odd owner"),
        pytest.param(new("copr.build.end", {}), True, id="no owner"),
        pytest.param(new("buildsys.build.state.change", {"owner": "robot"}), True, id="ignored owner elsewhere"),
    ],
)
def test_what_is_wanted_goes_on(transport, given, wanted):
    consumer = Consumer(SETTINGS)
    consumer.handle(transport, [given])
    assert (len(queued(transport)) == 1) is wanted
    assert consumer.counts == {"queued": 1} if wanted else {"dropped": 1}


def test_without_junk_everything_goes_on(transport):
    Consumer(ConsumerSettings()).handle(transport, [new("buildsys.tag")])
    assert len(queued(transport)) == 1


def test_all_forms_become_one(transport):
    inner = {"topic": "org.fedoraproject.prod.a.b", "msg_id": "2016-x", "timestamp": 1.5, "msg": {"k": 1}}
    wrapped = {"topic": inner["topic"], "body": inner}
    Consumer(SETTINGS).handle(transport, [json.dumps(form).encode() for form in (inner, wrapped)])
    first, second = queued(transport)
    assert first == second
    message, original = decode_message(first), decode_message(json.dumps(inner))
    assert (message.id, message.body, message.sent_at) == (original.id, original.body, original.sent_at)


def test_messages_and_bytes_may_be_mixed(transport):
    one = message("a.b", {"k": 1})
    Consumer(SETTINGS).handle(transport, [one, new("c.d")])
    assert [decode_message(payload).topic[-3:] for payload in queued(transport)] == ["a.b", "c.d"]


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(b"nonsense", id="no JSON"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b'{"body": {}}', id="no topic"),
        pytest.param(b'{"topic": "a", "body": null}', id="null body"),
        pytest.param(b'{"topic": "a", "body": {"x": NaN}}', id="NaN"),
        pytest.param(b'{"topic": "a", "body": "' + b"x" * MAX_MESSAGE_BYTES + b'"}', id="too large"),
    ],
)
def test_what_cannot_be_read_becomes_a_dead_letter_as_it_is(transport, odd):
    consumer = Consumer(SETTINGS)
    consumer.handle(transport, [odd, new("a.b")])
    assert consumer.counts == {"malformed": 1, "queued": 1}
    assert len(queued(transport)) == 1
    (letter,) = transport.dead_letters()
    assert (letter.queue, letter.payload) == (MESSAGES, odd)
    assert letter.reason


def test_what_is_invalid_becomes_a_dead_letter_that_can_be_replayed_all_the_same(transport):
    consumer = Consumer(SETTINGS, lambda message: "too loud" if "bad" in message.topic else None)
    consumer.handle(transport, [new("bad.one"), new("a.b")])
    assert consumer.counts == {"invalid": 1, "queued": 1}
    assert [decode_message(payload).topic[-3:] for payload in queued(transport)] == ["a.b"]
    (letter,) = transport.dead_letters()
    assert letter.reason == "message bad.one on topic 'org.fedoraproject.prod.bad.one': too loud"
    transport.replay([letter.id])
    assert [decode_message(payload).id for payload in queued(transport)] == ["bad.one"]


def test_junk_is_not_even_checked(transport):
    consumer = Consumer(SETTINGS, lambda message: "invalid")
    consumer.handle(transport, [new("buildsys.tag")])
    assert consumer.counts == {"dropped": 1}


def test_what_messages_make_stale_is_told_at_once_junk_and_invalid_included(transport):
    transport.heard(STALE)
    stale = {"buildsys.tag": Stale(frozenset({"kernel"})), "a.b": Stale(groups=frozenset({"infra"}))}
    consumer = Consumer(SETTINGS, lambda message: "invalid", lambda message: stale[message.id])
    consumer.handle(transport, [new("buildsys.tag"), b"nonsense", new("a.b")])
    [told] = map(decode_stale, transport.heard(STALE))
    assert told == Stale(frozenset({"kernel"}), frozenset({"infra"}))
    consumer.handle(transport, [b"nonsense"])
    assert transport.heard(STALE) == []


def test_a_message_that_is_nested_too_deep_to_be_queued_becomes_a_dead_letter_without_a_traceback(transport, caplog):
    body = {}
    for _ in range(5000):
        body = {"k": body}
    consumer = Consumer(SETTINGS)
    consumer.handle(transport, [Message("1", "a.b", body), new("c.d")])
    assert consumer.counts == {"malformed": 1, "queued": 1}
    assert transport.dead_letters()[0].reason == "nested too deep to be written down"
    assert "Traceback" not in caplog.text


def test_a_bug_on_one_message_costs_that_message_alone_and_it_is_a_dead_letter(transport, caplog):
    def check(message):
        raise ZeroDivisionError

    consumer = Consumer(SETTINGS, check)
    consumer.handle(transport, [new("a.b"), new("buildsys.tag")])
    assert consumer.counts == {"malformed": 1, "dropped": 1}
    assert "ZeroDivisionError" in transport.dead_letters()[0].reason
    assert "ZeroDivisionError" in caplog.text


class Full:
    def publish_all(self, outgoing):
        raise TransportError("disk full")


def test_a_failure_of_the_transport_is_the_callers_and_counts_nothing():
    consumer = Consumer(SETTINGS)
    with pytest.raises(TransportError):
        consumer.handle(Full(), [new("a.b")])
    assert not consumer.counts
