"""Signed links: what was made is read, anything else is refused in one sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmn_core.errors import UsageError
from fmn_core.signing import Signer, Wish, unsubscribe_url

SECRET = b"s" * 32
WISH = Wish("alice", "7", ("12", "13"))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(texts, texts, st.lists(texts, max_size=5).map(tuple))
def test_what_was_signed_is_read(user: str, preference: str, filters: tuple[str, ...]) -> None:
    wish = Wish(user, preference, filters)
    token = Signer(SECRET).token(wish)
    assert Signer(SECRET).read(token) == wish
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."), "safe in a URL"


@given(st.data())
def test_one_character_changed_is_refused(data: st.DataObject) -> None:
    token = Signer(SECRET).token(WISH)
    place = data.draw(st.integers(0, len(token) - 2))  # the last one carries bits that mean nothing
    other = data.draw(st.sampled_from("aAzZ09-_.").filter(lambda character: character != token[place]))
    with pytest.raises(UsageError):
        Signer(SECRET).read(token[:place] + other + token[place + 1 :])


@pytest.mark.parametrize("token", ["", ".", "x", "a.b", "x" * 100_000, "\ud800", "W10.x", "…"])
def test_anything_else_is_refused(token: str) -> None:
    with pytest.raises(UsageError, match=r"^the link is not whole, or it is not from here; copy all of it$"):
        Signer(SECRET).read(token)


def test_a_token_of_another_secret_or_purpose_is_refused() -> None:
    token = Signer(SECRET).token(WISH)
    for signer in (Signer(b"t" * 32), Signer(SECRET, "undo")):
        with pytest.raises(UsageError):
            signer.read(token)


@pytest.mark.parametrize("value", [None, 1, [], ["alice", "7"], ["alice", "7", None], {"user": "alice"}])
def test_what_is_signed_and_no_wish_is_refused(value: object) -> None:
    signer = Signer(SECRET)
    with pytest.raises(UsageError):
        signer.read(str(signer._serializer.dumps(value)))


def test_a_url_can_carry_many_filters() -> None:
    signer = Signer(SECRET)
    filters = tuple(str(number) for number in range(1_000_000, 1_000_500))
    url = unsubscribe_url("https://fmn.example.org/", signer, "alice", "7", filters)
    start, _, token = url.rpartition("/")
    assert start == "https://fmn.example.org/unsubscribe"
    assert signer.read(token).filters == filters
    assert len(url) < 8_000, "servers take no longer ones"
