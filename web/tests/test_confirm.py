"""The pages on which an address is accepted or rejected: a look changes nothing, a click counts once."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from fmn_core.asking import Asking
from fmn_core.config import ConfirmationSettings, Settings
from fmn_core.model import Destination, Preference, User
from fmn_core.plugins import PluginRegistry
from fmn_core.store import Store, Why
from fmn_core.testing import RecordingBackend
from fmn_web import create_app

ADDRESS = "alice@example.org"
MAIL = RecordingBackend("mail")
MAIL.title = "Electric mail"
REGISTRY = PluginRegistry(backends={"mail": MAIL})
NOBODY = "x" * 43


@pytest.fixture
def client(tmp_path, store: Store) -> FlaskClient:
    store.preferences.save(User("alice", (Preference("", "alice", "mail"),)))
    return create_app(Settings(data_dir=tmp_path), REGISTRY, store).test_client()


def ask(store: Store, when: datetime | None = None, address: str = ADDRESS) -> str:
    """Ask, as of a moment, and return the secret of the request, which was sent."""
    now = when or datetime.now(UTC)
    Asking(store, REGISTRY.backends, "http://fmn/", ConfirmationSettings(), lambda: now).ask("alice", "mail", address)
    request = store.waiting.take("mail", address, [Why.NOTICE], 10)[-1].notification
    store.confirmations.was_sent(request.id, now)
    found = re.search(r"/confirm/accept/(\S+)", request.facts.details)
    assert found
    return found[1]


def destinations(store: Store) -> tuple[Destination, ...]:
    return store.preferences.user("alice").preferences[0].destinations


def heading(page: str) -> str:
    found = re.search(r"<h1[^>]*>([^<]*)</h1>", page)
    assert found, page
    return found[1]


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("path", ["/confirm/", "/confirm/accept/", "/confirm/reject/"])
def test_a_scanner_that_follows_links_changes_nothing(client, store, method, path) -> None:
    secret = ask(store)
    before = store.confirmations.of_user("alice"), store.preferences.revision()
    answer = getattr(client, method)(path + secret)
    assert answer.status_code == 200
    assert (store.confirmations.of_user("alice"), store.preferences.revision()) == before
    assert destinations(store) == (Destination(ADDRESS),)


def test_the_page_asks_and_names_account_and_address(client, store) -> None:
    page = client.get(f"/confirm/{ask(store)}").text
    assert heading(page) == "Do you want notifications here?"
    assert page.count('<form method="post"') == 2
    for part in ("alice", ADDRESS, "Electric mail", "It counts if it comes until"):
        assert part in page


def test_accepting_confirms_and_says_what_was_switched_on(client, store) -> None:
    answer = client.post(f"/confirm/accept/{ask(store)}")
    assert (answer.status_code, heading(answer.text)) == (200, "Confirmed")
    assert "notifications there were switched on" in answer.text
    assert destinations(store) == (Destination(ADDRESS, confirmed=True),)
    later = client.post(f"/confirm/accept/{ask(store, address='second@example.org')}")
    assert "stays as it was" in later.text


def test_rejecting_removes_the_address(client, store) -> None:
    answer = client.post(f"/confirm/reject/{ask(store)}")
    assert (answer.status_code, heading(answer.text)) == (200, "Rejected")
    assert destinations(store) == ()


@pytest.mark.parametrize(("first", "title"), [("accept", "Confirmed"), ("reject", "Rejected")])
@pytest.mark.parametrize("second", ["accept", "reject", ""])
def test_a_second_click_is_harmless_and_says_what_is_true(client, store, first, title, second) -> None:
    secret = ask(store)
    client.post(f"/confirm/{first}/{secret}")
    before = destinations(store)
    answer = client.post(f"/confirm/{second}/{secret}") if second else client.get(f"/confirm/{secret}")
    assert (answer.status_code, heading(answer.text)) == (200, title)
    assert "<form" not in answer.text
    assert destinations(store) == before


def test_a_late_answer_is_told_so(client, store) -> None:
    secret = ask(store, datetime.now(UTC) - timedelta(hours=25))
    for answer in (client.get(f"/confirm/{secret}"), client.post(f"/confirm/accept/{secret}")):
        assert (answer.status_code, heading(answer.text)) == (410, "Too late")
    assert destinations(store) == (Destination(ADDRESS),)


def test_an_old_link_says_that_there_is_a_newer_one(client, store) -> None:
    old = ask(store)
    ask(store)
    for answer in (client.get(f"/confirm/{old}"), client.post(f"/confirm/accept/{old}")):
        assert (answer.status_code, heading(answer.text)) == (410, "This link does nothing any more")
        assert "the later request counts" in answer.text


def test_a_reason_of_a_server_is_shown_as_text(client, store) -> None:
    secret = ask(store)
    (request,) = store.waiting.take("mail", ADDRESS, [Why.NOTICE], 10)
    store.confirmations.failed(request.notification.id, "550 <script>no</script>.", datetime.now(UTC))
    page = client.get(f"/confirm/{secret}").text
    assert "could not be sent: 550 &lt;script&gt;no&lt;/script&gt;.</div>" in page


@pytest.mark.parametrize("secret", [NOBODY, "x", "%00", "%ff", "x" * 5000])
@pytest.mark.parametrize("path", ["/confirm/", "/confirm/accept/", "/confirm/reject/"])
def test_an_unknown_secret_tells_nothing_of_anybody(client, store, secret, path) -> None:
    ask(store)
    answers = [client.get(path + secret)]
    if path != "/confirm/":
        answers.append(client.post(path + secret))
    for answer in answers:
        assert (answer.status_code, heading(answer.text)) == (404, "There is no such request")
        assert "alice" not in answer.text


def test_nothing_is_asked_by_post_without_a_verb(client, store) -> None:
    assert client.post(f"/confirm/{ask(store)}").status_code == 405


def test_a_backend_that_is_not_installed_is_called_by_its_name(tmp_path, client, store) -> None:
    bare = create_app(Settings(data_dir=tmp_path), PluginRegistry(), store).test_client()
    assert "(mail)" in bare.get(f"/confirm/{ask(store)}").text


def test_the_secret_does_not_leak(client, store) -> None:
    secret = ask(store)
    for answer in (
        client.get(f"/confirm/{secret}"),
        client.post(f"/confirm/accept/{secret}"),
        client.get("/confirm/x"),
    ):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "Set-Cookie" not in answer.headers
        assert "form-action 'self'" in answer.headers["Content-Security-Policy"]


def test_odd_names_are_text(tmp_path, client, store) -> None:
    user = store.preferences.user("alice")
    store.preferences.save(replace(user, name="<b>eve</b>", preferences=()))
    now = datetime.now(UTC)
    Asking(store, REGISTRY.backends, "http://fmn/", ConfirmationSettings(), lambda: now).ask(
        "<b>eve</b>", "mail", "<i>@x"
    )
    request = store.waiting.take("mail", "<i>@x", [Why.NOTICE], 10)[0].notification
    page = client.get(request.facts.url.removeprefix("http://fmn")).text
    assert "&lt;b&gt;eve" in page
    assert "<b>eve" not in page


def test_a_store_that_is_away_is_a_page_that_says_so(tmp_path, client, store) -> None:
    secret = ask(store)
    store.close()
    for file in tmp_path.glob("fmn.sqlite*"):
        file.unlink()
    (tmp_path / "fmn.sqlite").mkdir()
    for answer in (client.get(f"/confirm/{secret}"), client.post(f"/confirm/accept/{secret}")):
        assert (answer.status_code, heading(answer.text)) == (503, "Not now")
        assert answer.headers["Retry-After"] == "30"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert str(tmp_path) not in answer.text
