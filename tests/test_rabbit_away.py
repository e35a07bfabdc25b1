"""A broker that is ill while we are connected: full, restarted, without a queue; and what is no fault of anybody."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pika
import pytest
from processes import eventually
from rabbit import Rabbit

from fmn_core.config import TransportSettings
from fmn_core.errors import TransportError
from fmn_core.transport import open_transport
from fmn_core.transport.amqp.topology import DELIVERY_LIMIT
from fmn_core.transport.base import MOST_LOSSES, Envelope, Transport

Opener = Callable[..., Transport]

#: seconds that work may take to come
SOON = 20.0


@pytest.fixture
def opener(vhost: str) -> Iterator[Opener]:
    """Open transports on a virtual host of the test's own; all are closed in the end."""
    with contextlib.ExitStack() as stack:

        def open_(url: str = vhost, **settings: Any) -> Transport:
            return stack.enter_context(contextlib.closing(open_transport(url, TransportSettings(**settings))))

        yield open_


def take(transport: Transport, count: int) -> list[Envelope]:
    """Receive so many pieces, at once or in several goes; they stay out."""
    taken: list[Envelope] = []
    deadline = time.monotonic() + SOON
    while len(taken) < count and time.monotonic() < deadline:
        taken += transport.receive(["q"], count - len(taken), timeout=1)
    return taken


def drain(transport: Transport, count: int) -> list[Envelope]:
    """Receive and settle so many pieces, even those that come one at a time."""
    drained: list[Envelope] = []
    while len(drained) < count and (taken := take(transport, 1)):
        transport.ack(taken)
        drained += taken
    return drained


def numbers(envelopes: list[Envelope]) -> list[int]:
    return [int(one.payload) for one in envelopes]


# Short of disk.


@pytest.fixture
def full(rabbit: Rabbit) -> Iterator[None]:
    """The broker says that its disk is full, until the test says otherwise."""
    rabbit.fill_disk()
    yield
    rabbit.empty_disk()


def test_with_a_full_disk_what_is_published_waits_and_is_not_lost(
    rabbit: Rabbit, opener: Opener, full: None, caplog: pytest.LogCaptureFixture
) -> None:
    publishing = opener()
    publisher = threading.Thread(target=publishing.publish, args=("q", [b"%d" % n for n in range(300)]))
    publisher.start()
    eventually(lambda: caplog.messages)
    rabbit.empty_disk()
    publisher.join(SOON)
    assert not publisher.is_alive()
    assert sorted(numbers(take(opener(), 300))) == list(range(300))
    place = f"broker 127.0.0.1:{rabbit.port}"
    assert caplog.messages == [
        f"{place} takes no messages until its alarm is over: low on disk",
        f"{place} takes messages again",
    ]


def test_with_a_full_disk_work_stays_where_it_is_and_the_end_does_not_wait(
    rabbit: Rabbit, opener: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = opener(), opener()
    first.publish("q", [b"%d" % n for n in range(10)])
    second.publish("out", [b"before"])
    [one] = first.receive(["q"], 1, timeout=SOON)
    rabbit.fill_disk()
    first.pass_on([("out", b"0")], [one])
    eventually(lambda: caplog.messages)
    assert first.receive(["q"], 100, timeout=0) == [], "nothing new is begun"
    ended = threading.Thread(target=first.close)
    ended.start()
    ended.join(SOON)
    assert not ended.is_alive()
    rabbit.empty_disk()
    assert set(numbers(drain(second, 10))) == set(range(10)), "others have it now"


def test_a_queue_that_is_full_refuses_what_comes_and_keeps_what_it_has(
    rabbit: Rabbit, opener: Opener, vhost: str
) -> None:
    at = ("--vhost", vhost.rpartition("/")[2])
    rabbit.ctl("set_policy", *at, "short", r"^fmn\.q$", '{"max-length": 10, "overflow": "reject-publish"}')
    source = opener()
    source.publish("in", [b"1"])
    [work] = source.receive(["in"], timeout=SOON)
    with pytest.raises(TransportError, match="the broker refuses a message: its queue is full"):
        for number in range(1000):  # what is on its way when it is full is taken all the same
            source.publish("q", [b"%d" % number])
    with pytest.raises(TransportError, match="the broker refuses a message: its queue is full"):
        for _ in range(100):  # the answer to the first comes with one of the next
            source.pass_on([("q", b"101")], [work])
            source.receive(["in"], timeout=0.1)
    source.close()
    held = take(opener(), 10)
    assert numbers(held) == list(range(len(held)))
    again = opener()
    [back] = again.receive(["in"], timeout=SOON)
    assert back.payload == work.payload, "what was refused is not settled"
    rabbit.ctl("clear_policy", *at, "short")
    again.publish("q", [b"101"])


# Restarted.


def test_a_restart_loses_nothing_that_was_published_or_is_out(rabbit: Rabbit, opener: Opener) -> None:
    before = opener()
    before.publish("q", [b"%d" % n for n in range(300)])
    done, *out = take(before, 200)
    before.ack([done])
    assert before.depth("q") == 299
    rabbit.restart()
    with pytest.raises(TransportError, match=f"broker 127.0.0.1:{rabbit.port}: "):
        before.ack(out)
        before.depth("q")
    before.close()
    assert {*numbers(take(opener(), 299)), *numbers([done])} == set(range(300))


# A queue is deleted meanwhile.


@pytest.mark.parametrize("queue", ["fmn.q", "fmn.q.suspects", "fmn.held.q"])
def test_a_queue_that_is_deleted_is_noticed_and_made_again(opener: Opener, vhost: str, queue: str) -> None:
    waiting = opener()
    assert waiting.hold("q")
    assert waiting.receive(["q"]) == []
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(vhost))) as connection:
        connection.channel().queue_delete(queue)
    with pytest.raises(TransportError, match="hands nothing out any more: a queue was deleted"):
        for _ in range(100):
            waiting.receive(["q"], timeout=0.1)
            waiting.hold("q")
    waiting.close()
    again = opener()
    again.publish("q", [b"1"])
    assert numbers(take(again, 1)) == [1]
    assert again.hold("q")


def test_a_queue_that_is_deleted_takes_nothing_without_a_word(opener: Opener, vhost: str) -> None:
    transport = opener()
    transport.publish("q", [b"1"])
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(vhost))) as connection:
        connection.channel().queue_delete("fmn.q")
    with pytest.raises(TransportError, match="the broker has no queue 'fmn.q' any more"):
        transport.publish("q", [b"2"])


# Slow, and patient.


def test_heartbeats_go_on_while_a_rule_computes_and_while_it_waits(opener: Opener, vhost: str) -> None:
    transport = opener(f"{vhost}?heartbeat=1")
    transport.publish("q", [b"1"])
    [one] = take(transport, 1)
    until = time.monotonic() + 4
    while time.monotonic() < until:
        sum(range(10_000))
    threading.Event().wait(4)
    transport.pass_on([("out", b"2")], [one])
    transport.close()
    assert opener().depth("q") == 0, "it was acknowledged on a connection that is alive"


def test_what_is_given_back_again_and_again_is_no_suspect(opener: Opener) -> None:
    opener().publish("q", [b"%d" % n for n in range(20)])
    for _ in range(2 * MOST_LOSSES):
        with contextlib.closing(opener()) as transport:
            assert len(take(transport, 5)) == 5
    final = opener()
    held = take(final, 20)
    assert sorted(numbers(held)) == list(range(20))
    assert {one.lost for one in held} == {1}
    assert max(one.attempt for one in held) == 2
    assert final.dead_letters() == []


# Letters.


def test_what_the_broker_gives_up_by_itself_is_a_letter_with_its_queue_and_why(opener: Opener, vhost: str) -> None:
    transport = opener()
    transport.publish("q", [b"1"])
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(vhost))) as connection:
        channel = connection.channel()
        for _ in range(DELIVERY_LIMIT + 1):
            [(method, _, _)] = [next(channel.consume("fmn.q"))]
            channel.basic_nack(method.delivery_tag)
    [letter] = eventually(transport.dead_letters)
    assert (letter.queue, letter.payload, letter.reason) == ("q", b"1", "the broker gave it up: delivery limit")
    assert abs(letter.died_at - time.time()) < 100
    assert transport.replay([letter.id]) == 1
    assert numbers(take(transport, 1)) == [1]
    assert transport.dead_letters() == []
