import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fmn_backend_irc.text import cut, size, tidy, wrapped


@pytest.mark.parametrize(
    ("text", "room", "short"),
    [
        ("short enough", 12, "short enough"),
        ("one two three", 12, "one two…"),
        ("one two three", 10, "one two…"),
        ("one two three", 9, "one…"),
        ("oneword", 6, "one…"),
        ("x" * 100 + " y", 20, "x" * 17 + "…"),
        ("žluťoučký kůň", 12, "žluťou…"),
        ("y" * 5 + "e\u0301" * 5, 12, "yyyyye\u0301…"),
        ("👩\u200d🚀" * 9, 17, "👩\u200d🚀…"),
        ("👍🏽👍🏽👍🏽", 16, "👍🏽…"),
    ],
)
def test_cut_between_words_and_never_within_a_character(text, room, short):
    assert cut(text, room) == short


@given(text=st.text(max_size=80), room=st.integers(3, 60))
def test_cut_is_a_beginning_that_fits(text, room):
    text = text.encode("utf-8", "ignore").decode()
    short = cut(text, room)
    assert size(short) <= room
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@given(text=st.text(st.sampled_from("ab é🐎\u0301"), max_size=120), room=st.integers(8, 60))
@example(text=" 🐎\u0301\u0301", room=8)
@example(text=" " * 20 + "a", room=8)
def test_wrapped_lines_fit_and_hold_everything(text, room):
    lines = list(wrapped(text, room))
    assert all(0 < size(line) <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_link_that_fits_stays_whole():
    link = "https://fmn.example.org/confirm/0123456789abcdef"
    lines = list(wrapped(f"to accept that we write to you here, go to {link} within a day", 60))
    assert lines == ["to accept that we write to you here, go to", f"{link} within a", "day"]


def test_indentation_is_kept_and_nothing_else():
    assert tidy("   - a\tb\r\n\x03c") == "   - a b c"
