"""Login at an OpenID provider, over real connections, and what a wrong answer of it leads to."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from urllib.parse import urlsplit

import pytest
import requests
from oidc_provider import Provider
from playwright.sync_api import expect
from werkzeug import Request, Response
from werkzeug.serving import make_server

from fmn_core.config import Settings
from fmn_core.plugins import PluginRegistry
from fmn_core.testing import RecordingBackend
from fmn_web import create_app

BASE = "http://127.0.0.1/"


@pytest.fixture
def provider():
    with Provider() as running:
        yield running


@pytest.fixture
def client(tmp_path, store, provider):
    mail = RecordingBackend("mail")
    mail.takes_mail_address = True
    web = {"issuer": provider.issuer, "client_id": "fmn", "client_secret": "secret"}
    settings = Settings(data_dir=tmp_path, base_url=BASE, web={"login_limit": "", **web})
    app = create_app(settings, PluginRegistry(backends={"mail": mail}), store)
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


def log_in(client, wanted="/history", forged=""):
    """Go to the provider and back, as a browser does."""
    there = client.post("/login/begin", query_string={"next": wanted}, base_url=BASE)
    back = requests.get(there.location, allow_redirects=False, timeout=10).headers["Location"]
    assert back.startswith(f"{BASE}login/callback?")
    query = urlsplit(back).query
    return client.get(f"/login/callback?{query.replace('state=', 'state=' + forged)}", base_url=BASE)


def test_whoever_logs_in_there_is_logged_in_here(client, store):
    answer = log_in(client)
    assert (answer.status_code, answer.location) == (302, "/history")
    assert client.get("/notifications", base_url=BASE).status_code == 200
    assert store.accounts.find("ann").mail == "ann@example.org"
    assert [one.address for one in store.confirmations.of_user("ann")] == ["ann@example.org"]
    log_in(client)
    assert len(store.confirmations.of_user("ann")) == 1


def test_what_the_token_does_not_say_is_asked_for(client, provider, store):
    provider.claims, provider.told = {"sub": "1"}, {"nickname": "ann", "email": "ann@example.org"}
    assert log_in(client).location == "/history"
    assert store.accounts.find("ann").mail == "ann@example.org"


def test_what_is_signed_counts_more_than_what_is_told(client, provider, store):
    provider.claims, provider.told = {"sub": "1", "nickname": "ann"}, {"nickname": "joe", "email": "ann@example.org"}
    log_in(client)
    assert [one.name for one in store.accounts.search()] == ["ann"]


def test_a_second_login_changes_nothing(client, provider, store):
    log_in(client)
    before = store.preferences.user("ann")
    provider.claims = {**provider.claims, "email": "new@example.org"}
    log_in(client)
    assert store.preferences.user("ann") == before
    assert [one.address for one in store.confirmations.of_user("ann")] == ["ann@example.org"]


WRONG = ["nonce", "signature", "unsigned", "aud", "iss", "exp", "refuses", "pkce", "no json", "no token",
         "away/token", "away/jwks"]  # fmt: skip


@pytest.mark.parametrize("spoilt", WRONG)
def test_an_answer_that_is_not_right_logs_nobody_in(client, provider, store, spoilt):
    provider.spoilt = spoilt
    refused(client, log_in(client), store)


@pytest.mark.parametrize("spoilt", ["two people", "away/userinfo"])
def test_a_wrong_answer_about_somebody_logs_nobody_in(client, provider, store, spoilt):
    provider.claims, provider.told, provider.spoilt = {"sub": "1"}, {"nickname": "ann"}, spoilt
    refused(client, log_in(client), store)


def refused(client, answer, store):
    assert answer.status_code in (400, 502)
    assert "Please try again" in answer.get_data(as_text=True)
    assert store.preferences.users() == []
    assert client.get("/notifications", base_url=BASE).status_code == 302


def test_a_forged_state_logs_nobody_in(client, store):
    assert log_in(client, forged="x").status_code == 400
    assert client.get("/login/callback?code=code0&state=y", base_url=BASE).status_code == 400
    assert client.get("/login/callback", base_url=BASE).status_code in (400, 502)
    assert store.preferences.users() == []


NO_NAMES = [
    None,
    7,
    ["ann"],
    "",
    " ",
    "a/b",
    "../ann",
    "..",
    "ann\n",
    " ann",
    "an\0n",
    "an\u202en",
    "\ud800",
    "x" * 10_000,
]


@pytest.mark.parametrize("name", NO_NAMES, ids=lambda name: ascii(name)[:12])
def test_a_name_that_is_none_gets_no_account(client, provider, store, name):
    provider.claims, provider.told = {"sub": "1"}, {"nickname": name}
    assert log_in(client).status_code == 400
    assert store.preferences.users() == []


def test_a_provider_that_is_away_is_a_page_that_says_so(tmp_path, store):
    settings = Settings(data_dir=tmp_path, base_url=BASE, web={"issuer": "http://127.0.0.1:9/", "client_id": "fmn"})
    app = create_app(settings, PluginRegistry(), store)
    app.config["WTF_CSRF_ENABLED"] = False
    answer = app.test_client().post("/login/begin", base_url=BASE)
    assert (answer.status_code, "gives no answer" in answer.get_data(as_text=True)) == (503, True)


def test_a_mail_address_that_is_none_is_left_out(client, provider, store):
    provider.claims["email"] = "ann@example.org\r\nBcc: joe@example.org"
    assert log_in(client).status_code == 302
    assert (store.accounts.find("ann").mail, store.confirmations.of_user("ann")) == ("", [])


@pytest.mark.parametrize("wanted", ["//evil", "/\\evil", "https://evil", "/a\r\nb", "/" + "x" * 5000])
def test_a_login_there_leads_to_our_pages_only(client, wanted):
    assert log_in(client, wanted).location == "/notifications"


def test_logins_that_are_not_completed_do_not_fill_the_cookie(client):
    """Browsers drop a cookie beyond 4096 bytes, and nobody could log in any more."""
    for _ in range(30):
        answer = client.post("/login/begin", query_string={"next": "/" + "x" * 900}, base_url=BASE)
    assert len(answer.headers["Set-Cookie"]) < 4096
    assert log_in(client).location == "/history"


def test_nothing_of_the_session_before_is_taken_over(client):
    with client.session_transaction(base_url=BASE) as session:
        session["planted"] = "by somebody else"
    log_in(client)
    with client.session_transaction(base_url=BASE) as session:
        assert "planted" not in session
        assert "_user_id" in session


def test_an_account_that_is_disabled_is_not_let_in_and_put_out_at_once(client, tmp_path):
    log_in(client)
    with closing(sqlite3.connect(tmp_path / "fmn.sqlite")) as database, database:
        database.execute("UPDATE users SET disabled = 'it sent spam'")
    assert client.get("/notifications", base_url=BASE).status_code == 302
    answer = log_in(client)
    assert answer.status_code == 403
    assert "it sent spam" in answer.get_data(as_text=True)
    assert client.get("/notifications", base_url=BASE).status_code == 302


def test_a_browser_follows_to_the_provider_and_back(browser, tmp_path, store, provider):
    """The policy on content, which holds redirects that follow a form against itself, is in force."""
    server = make_server("127.0.0.1", 0, Request.application(lambda request: Response()), threaded=True)
    web = {"issuer": provider.issuer, "client_id": "fmn", "client_secret": "secret"}
    site = f"http://127.0.0.1:{server.server_port}/"
    server.app = create_app(Settings(data_dir=tmp_path, base_url=site, web=web), PluginRegistry(), store)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        page, errors = browser.new_page(), []
        page.on("console", lambda line: line.type == "error" and errors.append(line.text))
        page.goto(f"{site}history")
        page.get_by_role("button", name="Log in with your account").click()
        page.wait_for_url(f"{site}history")
        expect(page.get_by_role("button", name="Log out")).to_be_visible()
        assert errors == []
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
