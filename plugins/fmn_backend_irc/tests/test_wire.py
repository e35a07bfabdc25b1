import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmn_backend_irc.wire import Message, folding, parse, render


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b":jane!j@h PRIVMSG fmn :list filters\r\n", Message("PRIVMSG", ("fmn", "list filters"), "jane!j@h")),
        (b":jane!j@h privmsg fmn help\n", Message("PRIVMSG", ("fmn", "help"), "jane!j@h")),
        (b"PING :s", Message("PING", ("s",))),
        (b"PRIVMSG  fmn \x1f ", Message("PRIVMSG", ("fmn", "\x1f"))),
        (b":s 005 fmn A=b  C :are : supported", Message("005", ("fmn", "A=b", "C", "are : supported"), "s")),
        (b":s PRIVMSG fmn :", Message("PRIVMSG", ("fmn", ""), "s")),
        (b":s PRIVMSG fmn ::)", Message("PRIVMSG", ("fmn", ":)"), "s")),
        (b"@account=jane :jane!j@h NOTICE fmn x", Message("NOTICE", ("fmn", "x"), "jane!j@h", {"account": "jane"})),
        (b"@a;b=;+c/d=x\\sy\\:z\\\\ PING", Message("PING", (), "", {"a": "", "b": "", "+c/d": "x y;z\\"})),
        (b":s NOTICE x :caf\xe9", Message("NOTICE", ("x", "caf\ufffd"), "s")),
    ],
)
def test_lines_are_taken_apart(raw, message):
    assert parse(raw) == message


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"   ", b":", b":source", b"@tag", b"@tag :source", b"@"])
def test_lines_that_say_nothing(raw):
    assert parse(raw) is None


def test_parameters_that_are_not_there_are_empty():
    message = parse(b":jane!j@h PRIVMSG fmn")
    assert (message.nick, message.param(0), message.param(1), message.param(-1)) == ("jane", "fmn", "", "fmn")
    assert parse(b"PING").param(-1) == ""


@given(st.binary(max_size=600))
def test_whatever_comes_is_a_message_or_nothing(raw):
    message = parse(raw)
    assert message is None or message.command


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("NICK", "fmn"), b"NICK fmn\r\n"),
        (("PRIVMSG", "jane", "two words"), b"PRIVMSG jane :two words\r\n"),
        (("PRIVMSG", "jane", ":)"), b"PRIVMSG jane ::)\r\n"),
        (("PRIVMSG", "jane", ""), b"PRIVMSG jane :\r\n"),
        (("PRIVMSG", "jane", "a\r\nQUIT\0"), b"PRIVMSG jane :a  QUIT \r\n"),
        (("PRIVMSG", "jane", "\ud800"), b"PRIVMSG jane ?\r\n"),
    ],
)
def test_lines_are_written(words, line):
    assert render(*words) == line


@given(st.text(max_size=60))
def test_what_is_written_is_read_again(text):
    clean = text.encode("utf-8", "replace").decode().translate(dict.fromkeys(map(ord, "\r\n\0"), " "))
    assert parse(render("PRIVMSG", "jane", text)) == Message("PRIVMSG", ("jane", clean))


@pytest.mark.parametrize(
    ("casemapping", "same", "different"),
    [
        ("rfc1459", ("Jane[]\\~", "jANE{}|^"), ("ä", "Ä")),
        ("strict-rfc1459", ("Jane[]\\", "jANE{}|"), ("~", "^")),
        ("ascii", ("Jane", "jANE"), ("[", "{")),
        ("rfc7613", ("ÄRGER", "ärger"), ("[", "{")),
    ],
)
def test_spellings_of_one_nick(casemapping, same, different):
    fold = folding(casemapping)
    assert fold(same[0]) == fold(same[1])
    assert fold(different[0]) != fold(different[1])
