import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmn_backend_irc.line import LONGEST, PREFIX, cut, line
from fmn_core.testing import notification

BASE = "https://fmn.example.org/"
TOPIC = "org.fedoraproject.prod.buildsys.build.state.change"


def written(summary="kernel-4.5 was built", url="https://koji.example.org/1", presentation=None, **fields):
    fields = {"user": "jane", "backend": "irc", "destination": "jane", "filter_id": "7", "topic": TOPIC, **fields}
    return line(notification({"summary": summary, "url": url}, presentation=presentation or {}, **fields), BASE)


def test_line_says_what_where_and_why():
    assert written() == (
        "kernel-4.5 was built https://koji.example.org/1    ( triggered by https://fmn.example.org/jane/irc/7 )"
    )


def test_without_links_to_filters():
    assert written(presentation={"triggered_by_links": False}) == "kernel-4.5 was built https://koji.example.org/1"


def test_without_a_place_to_read_on():
    assert written(url=None, presentation={"triggered_by_links": False}) == "kernel-4.5 was built"


def test_markup_brings_the_title_and_colours_of_two_digits():
    assert written("4 builds", presentation={"markup_messages": True, "triggered_by_links": False}) == (
        "\x0308buildsys.build.state.change\x03 -- 4 builds \x0310https://koji.example.org/1\x03"
    )


def test_applications_without_a_colour_are_grey():
    topic = "org.fedoraproject.prod.copr.build.start"
    assert written(topic=topic, presentation={"markup_messages": True}).startswith("\x0315copr.build.start\x03 -- ")


@pytest.mark.parametrize("summary", ["a\r\nQUIT", "a\nQUIT", "a\x00QUIT", "a\x03QUIT", "a\x01QUIT", "a\u2028QUIT"])
def test_nothing_ends_the_line(summary):
    assert written(summary).startswith("a QUIT https://")


def test_a_link_is_one_word():
    assert " https://x/a%20b%20c " in written(url="https://x/a b\r\nc")


def test_long_summaries_lose_their_end_and_the_link_stays():
    text = written("ž" * 1000)
    assert "ž… https://koji.example.org/1    ( triggered by " in text


def test_what_is_worth_least_goes_first():
    long = "https://koji.example.org/" + "x" * 250
    assert written("y" * 100, url=long).endswith(long)
    assert written("y" * 100, url=long * 2).startswith("y" * 100)
    assert "koji" not in written("y" * 100, url=long * 2)


@given(text=st.text(max_size=50), size=st.integers(3, 60))
def test_cut_keeps_characters_whole(text, size):
    text = text.encode("utf-8", "ignore").decode()
    short = cut(text, size)
    assert len(short.encode()) <= size
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@given(
    summary=st.text(max_size=400), url=st.none() | st.text(max_size=400), name=st.text(max_size=100),
    topic=st.text(min_size=1, max_size=300), markup=st.booleans(),
    destination=st.sampled_from(["jane", "#" + "ü" * 63]),
)  # fmt: skip
def test_whatever_the_text_a_line_is_one_line_and_short_enough(summary, url, name, topic, markup, destination):
    text = written(
        summary, url, {"markup_messages": markup}, filter_id=name, user=name, topic=topic, destination=destination
    )
    assert len(text.splitlines()) == 1
    assert len(text.encode()) + len(destination.encode()) + PREFIX <= LONGEST
    assert not set(text.replace("\x03", "")) & {chr(n) for n in range(32)}
