"""The link in a notification: a look changes nothing, a POST switches off what asked for it, and it can be undone."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from fmn_core.config import Settings
from fmn_core.model import Filter, Preference, RuleUse, User
from fmn_core.plugins import PluginRegistry
from fmn_core.signing import LINKS, Signer, unsubscribe_url
from fmn_core.store import Store
from fmn_core.testing import RecordingBackend
from fmn_web import create_app

MAIL = RecordingBackend("mail")
MAIL.title = "Electric mail"
RULE = RuleUse("any")
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def client(tmp_path, store: Store) -> FlaskClient:
    registry = PluginRegistry(backends={"mail": MAIL})
    return create_app(Settings(data_dir=tmp_path), registry, store).test_client()


@pytest.fixture
def saved(store: Store) -> Preference:
    filters = Filter("", "builds", (RULE,)), Filter("", "<b>tags</b>", (RULE,)), Filter("", "other", (RULE,))
    user = User("alice", (Preference("", "alice", "mail", True, filters=filters),))
    return store.preferences.save(user).preferences[0]


def link(store: Store, saved: Preference, *numbers: int, user: str = "alice") -> str:
    signer = Signer(store.secrets.get(LINKS))
    ids = [saved.filters[number].id for number in numbers or (0,)]
    return unsubscribe_url("", signer, user, saved.id, ids)


def active(store: Store, saved: Preference) -> list[bool]:
    preference = store.preferences.get(saved.id)
    assert preference is not None
    return [one.active for one in preference.filters]


def heading(page: str) -> str:
    found = re.search(r"<h1[^>]*>([^<]*)</h1>", page)
    assert found, page
    return found[1]


def undo_of(page: str) -> str:
    found = re.search(r'action="(/unsubscribe/undo/[^"]+)"', page)
    assert found, page
    return found[1]


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_scanner_that_follows_links_changes_nothing(client, store, saved, method) -> None:
    assert getattr(client, method)(link(store, saved)).status_code == 200
    assert active(store, saved) == [True, True, True]


def test_the_page_names_what_it_would_switch_off(client, store, saved) -> None:
    page = client.get(link(store, saved, 0, 1)).text
    assert heading(page) == "Stop these notifications?"
    for part in ("builds", "&lt;b&gt;tags&lt;/b&gt;", "Electric mail"):
        assert part in page
    assert "other" not in re.sub("other filters", "", page)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_of_a_mail_program_switches_off(client, store, saved, kind) -> None:
    for _ in range(2):
        answer = client.post(link(store, saved, 1), data=ONE_CLICK, content_type=kind)
        assert answer.status_code == 200
        assert answer.mimetype == "text/plain"
        assert answer.text == "switched off: '<b>tags</b>'\n"
        assert "Set-Cookie" not in answer.headers
        assert active(store, saved) == [True, False, True]


def test_the_button_switches_off_and_offers_to_undo(client, store, saved) -> None:
    before = store.preferences.revision()
    page = client.post(link(store, saved, 0, 1)).text
    assert heading(page) == "Switched off"
    assert active(store, saved) == [False, False, True]
    assert store.preferences.revision() == before + 1, "in one change"
    undo = undo_of(page)
    assert heading(client.get(undo).text) == "Switch on again?"
    assert active(store, saved) == [False, False, True], "a look changes nothing"
    for _ in range(2):
        answer = client.post(undo)
        assert (answer.status_code, heading(answer.text)) == (200, "On again")
        assert active(store, saved) == [True, True, True]


def test_undoing_switches_on_only_what_the_click_switched_off(client, store, saved) -> None:
    store.switches.switch_filter("alice", saved.filters[0].id, False)
    page = client.post(link(store, saved, 0, 1)).text
    client.post(undo_of(page))
    assert active(store, saved) == [False, True, True]


def test_what_is_off_already_is_told_so(client, store, saved) -> None:
    client.post(link(store, saved))
    for answer in (client.get(link(store, saved)), client.post(link(store, saved))):
        assert (answer.status_code, heading(answer.text)) == (200, "It is off already")
        assert "Undo" not in answer.text


def test_one_click_can_be_taken_back_on_the_page_of_the_link(client, store, saved) -> None:
    client.post(link(store, saved), data={"List-Unsubscribe": "One-Click"})
    page = client.get(link(store, saved)).text
    assert "Switch on again" in page
    client.post(undo_of(page))
    assert all(active(store, saved))


@pytest.mark.parametrize("call", ["get", "post"])
def test_what_was_removed_is_told_so(client, store, saved, call) -> None:
    url = link(store, saved)
    store.preferences.remove("alice")
    answer = getattr(client, call)(url)
    assert (answer.status_code, heading(answer.text)) == (200, "Nothing to switch off")
    assert client.post(url, data=ONE_CLICK).text == "switched off: it was removed before\n"


def test_a_link_of_another_user_does_nothing(client, store, saved) -> None:
    url = link(store, saved, user="bob")
    for answer in (client.get(url), client.post(url)):
        assert heading(answer.text) == "Nothing to switch off"
        assert "builds" not in answer.text
    assert active(store, saved) == [True, True, True]


@pytest.mark.parametrize("token", ["x", "a.b", "%00", "%ff", "x" * 5000])
@pytest.mark.parametrize("path", ["/unsubscribe/", "/unsubscribe/undo/"])
def test_a_bad_link_tells_nothing_of_anybody(client, store, saved, token, path) -> None:
    for answer in (client.get(path + token), client.post(path + token), client.post(path + token, data=ONE_CLICK)):
        assert answer.status_code == 404
        assert "the link is not whole" in answer.text.lower()
        assert "alice" not in answer.text
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert active(store, saved) == [True, True, True]


def test_a_link_to_switch_off_does_not_switch_on(client, store, saved) -> None:
    client.post(link(store, saved))
    token = link(store, saved).rpartition("/")[2]
    assert client.post(f"/unsubscribe/undo/{token}").status_code == 404
    assert active(store, saved) == [False, True, True]


def test_the_link_does_not_leak(client, store, saved) -> None:
    answer = client.get(link(store, saved))
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_body_that_is_too_long_is_refused(client, store, saved) -> None:
    assert client.post(link(store, saved), data={"x": "y" * 1_000_000}).status_code == 413
    assert active(store, saved) == [True, True, True]


def test_a_store_that_is_away_is_told_so(tmp_path, client, store, saved) -> None:
    url = link(store, saved)
    assert client.get(url).status_code == 200
    store.close()
    for file in tmp_path.glob("fmn.sqlite*"):
        file.unlink()
    (tmp_path / "fmn.sqlite").mkdir()
    answer = client.post(url, data=ONE_CLICK)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
