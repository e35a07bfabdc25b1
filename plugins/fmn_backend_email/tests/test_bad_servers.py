"""Servers that are silent, hang up, greet with a no or talk without an end: nothing hangs, nothing is lost."""

import socket
from contextlib import ExitStack

import pytest
from bad_servers import BadServer, converse, endless, silent

from fmn_core import AddressRefused, BackendAway, RetryDelivery

#: seconds; what is tested ends by it, so it is short
TIMEOUT = 0.3


@pytest.fixture
def place(backend, monkeypatch):
    """Start a server that behaves as told, and the backend that delivers to it."""
    monkeypatch.setattr(socket, "getfqdn", lambda *args: "localhost")
    with ExitStack() as stack:

        def start(*talks, **options):
            server = BadServer(*talks)
            stack.callback(server.stop)
            made = backend(host="127.0.0.1", port=server.port, timeout=TIMEOUT, **options)
            stack.callback(made.close)
            return server, made

        yield start


def test_the_server_of_these_tests_can_be_good(place, notification):
    server, made = place(converse())
    made.deliver(notification())
    made.deliver(notification())
    assert len(server.mails) == 2
    assert server.connections == 1


@pytest.mark.parametrize(
    "talk",
    [
        silent,
        converse(greeting="421 too busy"),
        converse(greeting="554 no service for you"),
        converse(greeting="what?"),
        converse({"EHLO": ..., "HELO": ...}),
        converse({"EHLO": None}),
        converse({"EHLO": endless}),
        converse({"EHLO": "550 no", "HELO": "550 no"}),
        converse({"MAIL": ...}),
        converse({"MAIL": None}),
        converse({"MAIL": endless}),
        converse({"MAIL": "451 not now"}),
        converse({"MAIL": "550 5.1.8 your domain does not exist"}),
        converse({"MAIL": "250 OK", "RCPT": ...}),
        converse({"RCPT": None}),
        converse({"RCPT": endless}),
        converse({"RCPT": "503 what?"}),
        converse({"DATA": "421 I have to go"}),
    ],
    ids=range(18),
)
def test_when_nothing_can_be_delivered_everything_waits(place, notification, talk):
    server, made = place(talk)
    with pytest.raises(BackendAway, match=f"mail server 127.0.0.1:{server.port}"):
        made.deliver(notification())
    assert not server.mails


@pytest.mark.parametrize("at", ["DATA", "."])
@pytest.mark.parametrize("how", [None, ..., endless], ids=["hangs up", "is silent", "talks on"])
def test_a_mail_that_the_server_cannot_stand_lets_others_pass(place, notification, at, how):
    server, made = place(converse({at: how}), converse())
    with pytest.raises(RetryDelivery, match="broke off within the mail") as caught:
        made.deliver(notification())
    assert not isinstance(caught.value, BackendAway)
    made.deliver(notification())
    assert len(server.mails) == 1
    assert server.connections == 2


def test_a_server_that_goes_away_within_a_mail_is_waited_for(place, notification):
    _, made = place(converse({".": None}), silent)
    with pytest.raises(BackendAway):
        made.deliver(notification())


@pytest.mark.parametrize("full", [{}, {"full": "421 4.7.0 enough for one connection"}], ids=["hangs up", "says so"])
def test_a_server_that_wants_a_new_connection_after_some_mails_gets_it(place, notification, full):
    server, made = place(converse(full, mails=2))
    for number in range(7):
        made.deliver(notification(id=f"{number:032}"))
    assert [f"<{number:032}@localhost>".encode() in mail for number, mail in enumerate(server.mails)] == [True] * 7
    assert server.connections == 4


def test_after_a_rest_the_connection_is_asked_first(place, notification, monkeypatch):
    monkeypatch.setattr("fmn_backend_email.smtp.TRUSTED", 0)
    server, made = place(converse({"NOOP": None}), converse())
    for _ in range(3):
        made.deliver(notification())
    assert len(server.mails) == 3
    assert server.connections == 2


def test_a_connection_that_does_not_answer_after_a_rest_is_left(place, notification, monkeypatch):
    monkeypatch.setattr("fmn_backend_email.smtp.TRUSTED", 0)
    server, made = place(converse({"NOOP": ...}), converse())
    made.deliver(notification())
    made.deliver(notification())
    assert len(server.mails) == 2


def test_a_session_that_cannot_be_reset_is_not_used_again(place, notification):
    server, made = place(converse({"RCPT": "450 later", "RSET": None}), converse())
    with pytest.raises(RetryDelivery, match="450 later"):
        made.deliver(notification())
    made.deliver(notification())
    assert server.connections == 2


def test_the_name_with_which_we_greet_is_a_setting(place, notification):
    heard = []

    def talk(server, peer):
        peer.say("220 hello")
        heard.append(peer.hear())

    _, made = place(talk, our_name="mail.example.org")
    with pytest.raises(BackendAway):
        made.deliver(notification())
    assert heard[0] == "ehlo mail.example.org\r\n"


def test_server_that_wants_a_mail_for_nobody_gets_an_empty_one_and_then_the_next(place, notification):
    """Where all is said at once, a server may ask for the mail although it has refused the recipient (RFC 2920)."""
    refusals = iter(["550 5.1.1 nobody", "250 OK"])

    def talk(server, peer):
        peer.say("220 hello")
        while line := peer.hear():
            verb = line.split()[0].upper()
            answers = {"EHLO": "250-hello\r\n250 PIPELINING", "DATA": "354 go on"}
            peer.say(next(refusals) if verb == "RCPT" else answers.get(verb, "250 OK"))
            if verb == "DATA":
                server.mails.append(peer.hear_mail())
                peer.say("250 taken")

    server, made = place(talk)
    with pytest.raises(AddressRefused):
        made.deliver(notification())
    made.deliver(notification(summary="the next one"))
    assert server.connections == 1
    assert [b"the next one" in mail for mail in server.mails] == [False, True]
    assert server.mails[0] == b""
