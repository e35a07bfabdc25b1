import base64

import pytest

from fmn_backend_irc.registration import Refused, Registration
from fmn_backend_irc.settings import IrcSettings
from fmn_backend_irc.wire import parse


def registration(**options):
    made = Registration(IrcSettings(host="irc.example.org", **options))
    made.opening()
    return made


def hear(registration, *lines):
    said = []
    for line in lines:
        said += [data.decode().rstrip("\r\n") for data in registration.hear(parse(line.encode()))]
    return said


def test_first_words():
    said = Registration(IrcSettings(nick="bot", password="open")).opening()
    assert said == [b"CAP LS 302\r\n", b"PASS open\r\n", b"NICK bot\r\n", b"USER fmn 0 * :FMN notifications\r\n"]


def test_capabilities_may_come_in_several_lines():
    made = registration()
    assert hear(made, ":s CAP * LS * :sasl=PLAIN multi-prefix") == []
    assert hear(made, ":s CAP * LS :account-tag chghost") == ["CAP REQ :account-tag chghost"]
    assert hear(made, ":s CAP fmn ACK :account-tag chghost ") == ["CAP END"]
    assert made.capabilities == {"account-tag", "chghost"}


def test_nothing_is_asked_for_that_is_not_offered():
    assert hear(registration(), ":s CAP * LS :multi-prefix") == ["CAP END"]


def test_capabilities_that_are_denied_are_done_without():
    made = registration()
    assert hear(made, ":s CAP * LS :account-tag", ":s CAP * NAK :account-tag") == ["CAP REQ account-tag", "CAP END"]
    assert made.capabilities == frozenset()


def test_the_welcome_says_who_we_are_and_how_nicks_compare():
    made = registration()
    hear(made, ":s 001 fmn9 :hello", ":s 005 fmn9 NICKLEN=9 CASEMAPPING=ascii :are supported")
    assert not made.done
    hear(made, ":s 422 fmn9 :no motd")
    assert (made.done, made.nick, made.fold("[")) == (True, "fmn9", "[")


def test_long_credentials_come_in_pieces():
    made = registration(account="bot", sasl_password="x" * 292)  # as base64 just 400 bytes
    hear(made, ":s CAP * LS :sasl", ":s CAP * ACK :sasl")
    said = hear(made, "AUTHENTICATE +")
    assert [len(line) for line in said] == [len("AUTHENTICATE ") + 400, len("AUTHENTICATE ") + 1]
    assert base64.b64decode(said[0].split()[1]).split(b"\0") == [b"bot", b"bot", b"x" * 292]


def test_certificate_is_enough_for_external(tmp_path):
    made = registration(account="bot", cert_file=tmp_path / "cert.pem")
    assert hear(made, ":s CAP * LS :sasl=EXTERNAL", ":s CAP * ACK :sasl")[-1] == "AUTHENTICATE EXTERNAL"
    assert hear(made, "AUTHENTICATE +") == [f"AUTHENTICATE {base64.b64encode(b'bot').decode()}"]
    assert hear(made, ":s 903 fmn :ok") == ["CAP END"]


def test_login_that_is_offered_and_then_denied():
    made = registration(sasl_password="secret")
    with pytest.raises(Refused, match="SASL refused: the server offers it, but not to us"):
        hear(made, ":s CAP * LS :sasl", ":s CAP * NAK :sasl")


@pytest.mark.parametrize("numeric", ["902", "904", "905", "906", "908"])
def test_login_that_is_refused(numeric):
    made = registration(sasl_password="guess")
    with pytest.raises(Refused, match=rf"^SASL refused: no \({numeric}\)$"):
        hear(made, f":s {numeric} fmn :no")


@pytest.mark.parametrize("numeric", ["432", "463", "464", "465"])
def test_server_that_does_not_want_us(numeric):
    with pytest.raises(Refused, match=rf"^no \({numeric}\)$"):
        hear(registration(), f":s {numeric} * :no")


def test_nicks_with_tails_until_there_are_no_more():
    made = registration()
    taken = ":s 433 * fmn :taken"
    assert hear(made, *[taken] * 5) == [f"NICK fmn{'_' * n}" for n in range(1, 6)]
    with pytest.raises(Refused, match="nick 'fmn' is taken"):
        hear(made, taken)
