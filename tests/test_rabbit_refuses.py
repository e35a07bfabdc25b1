"""What a broker refuses is one sentence that says what to do, from the transport and from ``fmn check``."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
import tomli_w
from click.testing import CliRunner
from rabbit import Rabbit

from fmn_core.cli import group
from fmn_core.config import TransportSettings
from fmn_core.errors import TransportError, UsageError
from fmn_core.transport import open_transport
from fmn_core.transport.base import ARCHIVE, MESSAGES

Check = Callable[..., str]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Run ``fmn check`` on a transport, and return what is wrong with it."""

    def run(url: str, **settings: Any) -> str:
        path = tmp_path / "fmn.toml"
        path.write_text(tomli_w.dumps({"data_dir": ".", "transport": {"url": url, **settings}}))
        done = CliRunner().invoke(group, ["--config", str(path), "check", "--json"])
        [row] = [row for row in map(json.loads, done.stdout.splitlines()) if row["check"] == "transport"]
        assert not row["ok"]
        assert done.exit_code == 1
        assert not done.stderr, "one line each"
        return str(row["detail"])

    return run


@pytest.fixture
def by_hand(vhost: str) -> Iterator[Any]:
    """Return a channel of somebody who makes things on that virtual host by hand."""
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(vhost))) as connection:
        yield connection.channel()


def refusal(url: str, queue: str = MESSAGES, **settings: Any) -> str:
    """Return why work cannot be published."""
    with (
        pytest.raises(TransportError) as refused,
        contextlib.closing(open_transport(url, TransportSettings(**settings))) as it,
    ):
        it.publish(queue, [b"1"])
    return str(refused.value)


def test_a_broker_that_is_not_there(free_port: int, check: Check) -> None:
    url = f"amqp://guest:secret@127.0.0.1:{free_port}/"
    why = f"broker 127.0.0.1:{free_port}: it cannot be reached: Connection refused"
    assert (refusal(url), check(url)) == (why, why)


def test_a_wrong_password(rabbit: Rabbit, check: Check) -> None:
    url = rabbit.url_of("guest", "secret")
    why = f"broker 127.0.0.1:{rabbit.port}: it refuses user name and password"
    assert (refusal(url), check(url)) == (why, why)


def test_a_virtual_host_that_is_not_there(rabbit: Rabbit, check: Check) -> None:
    url = rabbit.url_of("guest", "guest", "nowhere")
    why = refusal(url)
    assert why.startswith(f"broker 127.0.0.1:{rabbit.port}: ")
    assert "virtual host" in why or "vhost nowhere not found" in why
    assert check(url) == why


def test_a_virtual_host_that_the_account_may_not_enter(rabbit: Rabbit, vhost: str) -> None:
    rabbit.ctl("add_user", "outsider", "outsider")
    why = refusal(rabbit.url_of("outsider", "outsider", vhost.rpartition("/")[2]))
    rabbit.ctl("delete_user", "outsider")
    assert "refused for user 'outsider'" in why or "refuses the virtual host to this user" in why


#: what differs where somebody made a queue without a thought, and the same where its kind is right
QUORUM = {"x-queue-type": "quorum"}
LETTERS = "x-dead-letter-exchange is none, wanted is '', x-dead-letter-routing-key is none, wanted is 'fmn.dead'"


@pytest.mark.parametrize(
    ("queues", "made", "differs"),
    [
        ("quorum", {"durable": True}, ["x-queue-type is none, wanted is 'quorum'", "x-overflow is none"]),
        ("quorum", {"durable": True, "arguments": QUORUM}, ["x-overflow is none"]),
        (
            "quorum",
            {"durable": True, "arguments": {**QUORUM, "x-delivery-limit": 3}},
            ["limit is 3, wanted is 20"],
        ),
        ("classic", {}, ["durable is 'false', wanted is 'true'"]),
    ],
    ids=["another kind", "no dead letters", "another limit", "not durable"],
)
def test_a_queue_that_exists_with_other_arguments(
    vhost: str, by_hand: Any, check: Check, queues: str, made: dict[str, Any], differs: list[str]
) -> None:
    by_hand.queue_declare("fmn.messages", **made)
    why = refusal(vhost, queues=queues)
    assert why.startswith("queue 'fmn.messages' exists with other arguments: ")
    assert why.endswith("; set [transport] as it is, or delete it once it is empty")
    for one in [*differs, LETTERS]:
        assert one in why
    assert check(vhost, queues=queues) == why
    assert by_hand.queue_declare("fmn.messages", passive=True).method.message_count == 0, "it is as it was"


# An account that may not declare anything.


@pytest.fixture
def visitor(rabbit: Rabbit, vhost: str) -> Iterator[str]:
    """The URL for somebody who may write and read everywhere and declare nothing."""
    yield rabbit.add_user("visitor", vhost.rpartition("/")[2], configure="^$")
    rabbit.ctl("delete_user", "visitor")


def test_an_account_that_may_not_declare(visitor: str, check: Check) -> None:
    why = refusal(visitor)
    assert why.startswith("this account may not declare queue 'fmn.dead': set passive = true in [transport] and let")
    assert check(visitor).startswith("this account may not declare queue 'fmn.messages': set passive = true in")


def test_with_passive_it_works_on_what_another_account_has_made(vhost: str, visitor: str) -> None:
    with contextlib.closing(open_transport(vhost)) as made:
        made.publish("q", [b"1"])
        made.retry(made.receive(["q"], timeout=10)[0], 0)
        assert made.hold("q")
    with contextlib.closing(open_transport(visitor, TransportSettings(passive=True))) as it:
        assert it.hold("q")
        [again] = it.receive(["q"], timeout=10)
        it.reject(again, "no good")
        assert it.depth("q") == 0
        assert [letter.reason for letter in it.dead_letters()] == ["no good"]


def test_an_operator_makes_all_that_stages_need_which_may_then_not(vhost: str, visitor: str, tmp_path: Path) -> None:
    path = tmp_path / "fmn.toml"
    path.write_text(tomli_w.dumps({"data_dir": ".", "transport": {"url": visitor, "passive": True}}))
    done = CliRunner().invoke(group, ["--config", str(path), "broker", "declare", "--url", vhost, "--json"])
    made = [json.loads(line)["name"] for line in done.stdout.splitlines()]
    assert {"fmn.dead", "fmn.messages", "fmn.messages.suspects", "fmn.messages.in-30s", "fmn.news"} <= set(made)
    with contextlib.closing(open_transport(visitor, TransportSettings(passive=True))) as it:
        it.publish(MESSAGES, [b"1"])
        [work] = it.receive([MESSAGES], timeout=10)
        it.retry(work, after=0.5)
        assert it.hold("changes")
        it.broadcast("changes", b"1")
        assert it.receive([MESSAGES], timeout=10)[0].attempt == 2
        it.publish(ARCHIVE, [b"1"])
        assert it.receive([ARCHIVE], timeout=10)[0].payload == b"1"
    again = CliRunner().invoke(group, ["--config", str(path), "broker", "declare", "--url", vhost])
    assert (again.exit_code, again.stdout.splitlines()) == (0, made)


def test_without_a_broker_there_is_nothing_to_declare() -> None:
    done = CliRunner().invoke(group, ["broker", "declare"])
    assert (done.exit_code, "the transport is no broker" in done.stderr) == (2, True)


def test_with_passive_what_is_missing_is_named(vhost: str, visitor: str, check: Check) -> None:
    missing = "{} does not exist, and with passive = true in [transport] the operator has to make it"
    assert refusal(visitor, passive=True) == missing.format("queue 'fmn.dead'")
    assert check(visitor, passive=True) == missing.format("queue 'fmn.dead'")
    with contextlib.closing(open_transport(vhost)) as made:
        made.publish("q", [b"1"])
    assert refusal(visitor, passive=True) == missing.format("queue 'fmn.messages'")


# TLS.


def test_tls_with_an_authority_of_ones_own(rabbit: Rabbit) -> None:
    with contextlib.closing(open_transport(rabbit.tls_url, TransportSettings(ca_file=str(rabbit.ca_file)))) as it:
        it.publish("tls", [b"\0" * 100_000])
        assert [one.payload for one in it.receive(["tls"], timeout=10)] == [b"\0" * 100_000]


@pytest.mark.parametrize("ca_file", ["", "stranger.pem"], ids=["those of the system", "another one"])
def test_tls_of_an_authority_that_is_not_trusted(rabbit: Rabbit, check: Check, ca_file: str) -> None:
    trusted = str(rabbit.ca_file.parent / ca_file) if ca_file else ""
    why = refusal(rabbit.tls_url, ca_file=trusted)
    assert why.startswith(f"broker localhost:{rabbit.tls_port}: ")
    assert "certificate verify failed" in why
    assert check(rabbit.tls_url, ca_file=trusted) == why


def test_tls_for_a_name_that_is_not_in_the_certificate(rabbit: Rabbit) -> None:
    url = rabbit.tls_url.replace("localhost", "127.0.0.2")
    assert "127.0.0.2" in refusal(url, ca_file=str(rabbit.ca_file))


def test_a_port_without_tls(rabbit: Rabbit) -> None:
    url = rabbit.tls_url.replace(str(rabbit.tls_port), str(rabbit.port))
    assert refusal(url, ca_file=str(rabbit.ca_file)).startswith(f"broker localhost:{rabbit.port}: ")


def test_certificates_that_are_not_there(rabbit: Rabbit) -> None:
    with pytest.raises(UsageError, match=r"certificates of the broker's connection cannot be used: .*nowhere\.pem"):
        open_transport(rabbit.tls_url, TransportSettings(ca_file="nowhere.pem"))


def test_a_check_makes_no_queues(rabbit: Rabbit, tmp_path: Path) -> None:
    path = tmp_path / "fmn.toml"
    path.write_text(f'[transport]\nurl = "{rabbit.url}"\nprefix = "unmade"\n')
    for _ in range(2):
        done = CliRunner().invoke(group, ["--config", str(path), "check", "--json"])
        [row] = [row for row in map(json.loads, done.stdout.splitlines()) if row["check"] == "transport"]
        assert (row["ok"], "its queues are made at the first start" in row["detail"]) == (True, True)
    with contextlib.closing(open_transport(rabbit.url, TransportSettings(prefix="unmade"))) as transport:
        transport.publish(MESSAGES, [b"1"])
    done = CliRunner().invoke(group, ["--config", str(path), "check", "--json"])
    assert "1 messages wait" in done.stdout
