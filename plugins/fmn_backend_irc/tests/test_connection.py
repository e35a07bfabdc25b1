"""Connections that are refused, encrypted, silent, lost and found again."""

import logging
import socket

import pytest
from irc_place import HOST, PONG, eventually, persistently

from fmn_core import BackendAway


def test_server_that_is_away_is_left_alone_for_a_while(backend, to):
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
    bot = backend(port, pause=100)
    for _ in range(2):
        with pytest.raises(BackendAway, match="refused") as caught:
            bot.deliver(to("jane"))
        assert 0 < caught.value.after <= 125


def test_lost_connection_fails_the_line_and_the_next_connection_takes_it(scripted, backend, to):
    bot = backend(scripted({"PRIVMSG": "hang up"}))
    with pytest.raises(BackendAway, match="lost before it confirmed"):
        bot.deliver(to("jane"))
    scripted({"PRIVMSG": b"", "PING": PONG})
    persistently(lambda: bot.deliver(to("jane")))


def test_one_outage_is_one_warning_however_often_it_is_tried(scripted, backend, to, caplog):
    caplog.set_level(logging.INFO, "fmn_backend_irc")
    bot = backend(scripted({"PING": PONG}))
    bot.deliver(to("jane"))
    scripted({"USER": "hang up"})
    scripted.drop()
    eventually(lambda: scripted.connections >= 4)
    scripted({"USER": b":s 001 fmn :hello\r\n:s 376 fmn :end\r\n"})
    persistently(lambda: bot.deliver(to("jane")))
    warnings = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "next attempt in" in warnings[0]


def test_drop_in_the_middle_of_a_burst_tells_of_every_line_whether_it_went(scripted, backend, to):
    counted = []

    def third_breaks(line):
        counted.append(line)
        return "hang up" if len(counted) == 3 else b""

    bot = backend(scripted({"PRIVMSG": third_breaks, "PING": PONG}))
    went = []
    for number in range(6):
        persistently(lambda number=number: (bot.deliver(to("jane", f"line {number}")), went.append(number)))
    assert went == list(range(6))
    heard = [line.split(":", 1)[1].split(" age")[0] for line in counted]
    assert [line.split()[1] for line in heard] == ["0", "1", "2", "2", "3", "4", "5"]


def test_restart_of_ngircd_is_survived_in_order(ngircd, people, backend, to, desk):
    port = ngircd()
    bot = backend(port)
    bot.start(desk)
    bot.deliver(to("fmn", "first"))
    ngircd.stop()
    with pytest.raises(BackendAway):
        eventually(lambda: bot.deliver(to("fmn")))
    ngircd(port=port)
    jane = people(port, "jane")
    for summary in ("second", "third"):
        persistently(lambda summary=summary: bot.deliver(to("jane", summary)))
    assert jane.hear().startswith("second")
    assert jane.hear().startswith("third")


def test_silence_is_no_confirmation(scripted, backend, to):
    with pytest.raises(BackendAway, match="does not answer"):
        backend(scripted({}), timeout=0.2).deliver(to("jane"))


def test_silent_server_is_asked_whether_it_is_there_and_left_if_not(scripted, backend, desk):
    backend(scripted({}), silence=0.1, timeout=0.2).start(desk)
    eventually(lambda: scripted.said("PING"))
    eventually(lambda: scripted.connections > 1)


def test_server_that_does_not_welcome_us(scripted, backend, to):
    with pytest.raises(BackendAway, match="does not welcome us"):
        backend(scripted({"USER": b""}), timeout=0.2).deliver(to("jane"))


def test_reason_of_the_server_is_told(scripted, backend, to):
    def turn_away(line):
        scripted.say("ERROR :you are not wanted")
        return "hang up"

    bot = backend(scripted({"USER": turn_away}))
    with pytest.raises(BackendAway, match="you are not wanted"):
        bot.deliver(to("jane"))


def test_endless_line_is_no_line(scripted, backend, to):
    with pytest.raises(BackendAway, match="a line without an end"):
        backend(scripted({"USER": b"x" * 70_000})).deliver(to("jane"))


def test_tls_with_a_ca_of_its_own(ngircd, certificate, people, backend, to):
    port = ngircd(certificate=certificate)
    bot = backend(port, tls=True, ca_file=certificate[0])
    for number in range(20):
        bot.deliver(to("fmn", f"{number} " + "word " * 100))
    assert bot.check() == f"IRC server 127.0.0.1:{port} as fmn_"


def test_certificate_that_nobody_vouches_for_is_refused(ngircd, certificate, backend, to):
    port = ngircd(certificate=certificate)
    with pytest.raises(BackendAway, match=r"(?i)certificate verify failed"):
        backend(port, tls=True).deliver(to("fmn"))


def test_certificate_of_ours_is_for_sasl(ngircd, certificate, backend, to):
    cert, key = certificate
    bot = backend(ngircd(certificate=certificate), tls=True, ca_file=cert, cert_file=cert, key_file=key)
    with pytest.raises(BackendAway, match="SASL refused: the server does not offer EXTERNAL"):
        bot.deliver(to("fmn"))


def test_ca_file_that_is_not_there(backend, to, tmp_path):
    with socket.create_server((HOST, 0)) as listener, pytest.raises(BackendAway, match="No such file"):
        backend(listener.getsockname()[1], tls=True, ca_file=tmp_path / "none").deliver(to("fmn"))
