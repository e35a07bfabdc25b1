from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmn_backend_irc.line import age, broken, line, words
from fmn_backend_irc.mask import Mask
from fmn_backend_irc.text import size
from fmn_backend_irc.wire import parse, render
from fmn_core import Links
from fmn_core.testing import notification

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TOPIC = "org.fedoraproject.prod.buildsys.build.state.change"
FILTER = "https://fmn.example.org/jane/irc/7"
ROOM = 390


def written(summary="kernel-4.5 was built", url="https://koji.example.org/1", presentation=None, **fields):
    fields = {"topic": TOPIC, "sent_at": NOW, "links": Links(filter=FILTER), **fields}
    room, shorten = fields.pop("room", ROOM), fields.pop("shorten", str.upper)
    made = notification({"summary": summary, "url": url}, presentation=presentation or {}, **fields)
    return line(made, room, NOW, shorten)


def test_line_says_what_where_and_why():
    assert written() == f"kernel-4.5 was built https://koji.example.org/1    ( triggered by {FILTER} )"


@pytest.mark.parametrize("fields", [{"presentation": {"triggered_by_links": False}}, {"links": Links()}])
def test_without_links_to_filters(fields):
    assert written(**fields) == "kernel-4.5 was built https://koji.example.org/1"


def test_without_a_place_to_read_on():
    assert written(url=None, links=Links()) == "kernel-4.5 was built"


def test_markup_brings_the_title_and_colours_of_two_digits():
    assert written("4 builds", presentation={"markup_messages": True}, links=Links()) == (
        "\x0308buildsys.build.state.change\x03 -- 4 builds \x0310https://koji.example.org/1\x03"
    )


@pytest.mark.parametrize(
    ("app", "colour"),
    [
        ("fas", "12"),
        ("bodhi", "03"),
        ("git", "04"),
        ("tagger", "05"),
        ("wiki", "06"),
        ("logger", "07"),
        ("pkgdb", "10"),
        ("buildsys", "08"),
        ("planet", "09"),
        ("fmn", "06"),
        ("copr", "15"),
    ],
)
def test_applications_have_colours(app, colour):
    topic = f"org.fedoraproject.prod.{app}.build.start"
    assert written(topic=topic, presentation={"markup_messages": True}).startswith(f"\x03{colour}{app}.build.start\x03")


def test_links_are_short_for_those_who_want_it():
    assert written(presentation={"shorten_links": True}).endswith(
        f" HTTPS://KOJI.EXAMPLE.ORG/1    ( triggered by {FILTER.upper()} )"
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3600, ""),
        (0, ""),
        (10.9, ""),
        (11, " 11 seconds ago"),
        (60, " 1 minute ago"),
        (3599, " 59 minutes ago"),
        (7300, " 2 hours ago"),
        (90_000, " 1 day ago"),
        (900_000, " 10 days ago"),
    ],
)
def test_age_is_told_of_what_is_old(seconds, words):
    assert age(NOW - timedelta(seconds=seconds), NOW) == words


def test_age_stands_before_the_link():
    text = written(sent_at=NOW - timedelta(minutes=5))
    assert text.startswith("kernel-4.5 was built 5 minutes ago https://koji.example.org/1 ")
    assert age(None, NOW) == ""


@pytest.mark.parametrize("summary", ["a\r\nQUIT", "a\nQUIT", "a\x00QUIT", "a\x03QUIT", "a\x01QUIT", "a\u2028QUIT"])
def test_nothing_ends_the_line(summary):
    assert written(summary).startswith("a QUIT https://")


def test_a_link_is_one_word():
    assert " https://x/a%20b%20c " in written(url="https://x/a b\r\nc")


def test_long_summaries_lose_their_end_and_the_link_stays():
    assert "ž… https://koji.example.org/1    ( triggered by " in written("ž" * 1000)
    assert "word… https://koji.example.org/1    ( triggered by " in written("word " * 1000)


def test_what_is_worth_least_goes_first():
    whole = {
        "url": "https://koji.example.org/" + "x" * 50,
        "presentation": {"markup_messages": True},
        "sent_at": NOW - timedelta(minutes=5),
    }
    marks = ["triggered by", " 5 minutes ago", "state.change\x03 -- ", "koji.example.org"]
    shown = [[mark in written("y" * 100, room=room, **whole) for mark in marks] for room in range(400, 80, -1)]
    assert sorted({tuple(one) for one in shown}, reverse=True) == [
        (True, True, True, True),
        (False, True, True, True),
        (False, False, True, True),
        (False, False, False, True),
        (False, False, False, False),
    ]


@given(
    summary=st.text(max_size=400), url=st.none() | st.text(max_size=400), page=st.text(max_size=100),
    topic=st.text(min_size=1, max_size=300), markup=st.booleans(), room=st.integers(100, 500),
)  # fmt: skip
def test_whatever_the_text_a_line_is_one_line_and_short_enough(summary, url, page, topic, markup, room):
    text = written(summary, url, {"markup_messages": markup}, links=Links(filter=page), topic=topic, room=room)
    assert len(text.splitlines()) == 1
    assert size(text) <= room
    assert text.encode().decode() == text
    assert not set(text.replace("\x03", "")) & {chr(n) for n in [*range(32), *range(127, 160)]}
    assert text.count("\x03") % 2 == 0


def test_answers_are_broken_into_lines_and_counted():
    assert broken(["a", "", "b c", "d" * 10], room=5) == ["a", "b c", "ddddd", "ddddd"]
    assert broken([str(n) for n in range(9)], room=5, most=3) == ["0", "1", "… and 7 more lines"]


@given(
    text=st.text(max_size=700), target=st.sampled_from(["jane", "#" + "ü" * 63]), markup=st.booleans(),
    host=st.none() | st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=63),
)  # fmt: skip
def test_what_others_receive_is_a_line_of_irc(text, target, markup, host):
    mask = Mask("fmn")
    if host:
        mask.hear(parse(f":fmn!~fmn@{host} JOIN #x".encode()), ours=True)
    made = notification({"summary": text, "details": text, "url": text}, presentation={"markup_messages": markup})
    room = mask.room(target)
    for part in (line(made, room, NOW, str), *words(made, room)):
        received = f":fmn!~fmn@{host or 'x' * 63} ".encode() + render("PRIVMSG", target, part)
        assert len(received) <= 512
        assert received.count(b"\n") == received.count(b"\r") == 1
        assert parse(received).params == (target, part)
