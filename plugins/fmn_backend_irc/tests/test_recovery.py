"""Logging in, and our nick when somebody else has it."""

import base64

import pytest
from irc_place import PONG, WELCOME, Services, eventually, offering, persistently

from fmn_core import BackendAway


def sasl(mechanisms="=PLAIN,EXTERNAL", verdict=b":s 903 fmn :SASL authentication successful\r\n"):
    """Make answers of a server that has SASL."""

    def authenticate(line):
        return b"AUTHENTICATE +\r\n" if line.split()[1] in {"PLAIN", "EXTERNAL"} else verdict

    offered = offering(f"sasl{mechanisms} account-tag", accepted="account-tag sasl")
    return offered | {"AUTHENTICATE": authenticate, "PING": PONG}


def test_sasl_logs_in_before_the_welcome(scripted, backend, to):
    backend(scripted(sasl()), account="bot", sasl_password="secret").deliver(to("jane"))
    assert scripted.said("AUTHENTICATE") == [
        "AUTHENTICATE PLAIN",
        f"AUTHENTICATE {base64.b64encode(b'bot' + bytes(1) + b'bot' + bytes(1) + b'secret').decode()}",
    ]


def test_sasl_that_is_refused_is_no_connection_and_one_warning(scripted, backend, to, caplog):
    bot = backend(scripted(sasl(verdict=b":s 904 fmn :SASL authentication failed\r\n")), sasl_password="guess")
    with pytest.raises(BackendAway, match="SASL refused: SASL authentication failed"):
        bot.deliver(to("jane"))
    assert not scripted.said("PRIVMSG")
    eventually(lambda: scripted.connections > 2)
    assert caplog.text.count("SASL refused") == 1


@pytest.mark.parametrize("answers", [{"CAP": b":s 421 * CAP :Unknown command\r\n"}, {"CAP": b":s CAP * LS :\r\n"}, {}])
def test_server_without_sasl_does_not_get_us_when_we_want_it(scripted, backend, to, answers):
    with pytest.raises(BackendAway, match="SASL refused"):
        backend(scripted(answers), sasl_password="secret").deliver(to("jane"))


def test_server_without_our_mechanism(scripted, backend, to):
    with pytest.raises(BackendAway, match="does not offer PLAIN"):
        backend(scripted(sasl(mechanisms="=EXTERNAL")), sasl_password="secret").deliver(to("jane"))


def test_nick_that_is_taken_gets_a_tail(port, people, backend, to):
    people(port, "fmn")
    jane = people(port, "jane")
    backend(port).deliver(to("jane"))
    assert jane.read(" PRIVMSG ").startswith(":fmn_!")


def test_nick_that_is_free_again_is_taken_at_once(ngircd, people, backend, to):
    port = ngircd()
    other = people(port, "fmn", "#builds")
    jane = people(port, "jane", "#builds")
    backend(port).deliver(to("#builds"))
    assert jane.read(" PRIVMSG ").startswith(":fmn_!")
    other.quit()
    assert jane.read(" NICK ").endswith("NICK :fmn")


def test_nick_is_recovered_with_the_help_of_services(ngircd, people, backend, to):
    port = ngircd()
    services = people(port, {}, kind=Services)
    services.ghosts["fmn"] = people(port, "fmn")
    jane = people(port, "jane")
    bot = backend(port, nickserv_password="secret", account="bot")
    bot.deliver(to("jane"))
    assert jane.read(" PRIVMSG ").startswith(":fmn_!")
    eventually(lambda: not jane.sees("fmn_"))
    assert services.heard == ["IDENTIFY bot secret", "GHOST fmn"]
    bot.deliver(to("jane"))
    assert jane.read(" PRIVMSG ").startswith(":fmn!")


def test_without_a_tail_nothing_is_recovered(ngircd, people, backend, to):
    port = ngircd()
    services = people(port, {}, kind=Services)
    bot = backend(port, nickserv_password="secret")
    bot.deliver(to("fmn"))
    assert eventually(lambda: services.heard) == ["IDENTIFY fmn secret"]


def test_who_was_put_out_for_the_nick_does_not_fight_for_it(scripted, backend, to):
    bot = backend(scripted({"PING": PONG}), nickserv_password="secret")
    bot.deliver(to("jane"))
    scripted({"NICK": lambda line: b":s 433 * fmn :taken\r\n" if line == "NICK fmn" else b""})
    scripted({"USER": WELCOME.replace(b"001 fmn", b"001 fmn_")})
    scripted.say("ERROR :Closing Link: (Killed (NickServ (GHOST command used by fmn_)))")
    scripted.drop()
    persistently(lambda: bot.deliver(to("jane")))
    assert not any("GHOST" in line for line in scripted.said("PRIVMSG"))


def test_nicks_run_out(scripted, backend, to):
    taken = {"NICK": lambda line: f":s 433 * {line.split()[1]} :taken\r\n".encode(), "USER": b""}
    with pytest.raises(BackendAway, match="nick 'fmn' is taken"):
        backend(scripted(taken)).deliver(to("jane"))
