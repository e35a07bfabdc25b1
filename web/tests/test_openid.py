"""Login at an OpenID provider, over real connections, and what a wrong answer of it leads to."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests
from oidc_provider import Provider

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
    settings = Settings(data_dir=tmp_path, base_url=BASE, web=web)
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


@pytest.mark.parametrize("spoilt", ["nonce", "signature", "refuses"])
def test_an_answer_that_is_not_right_logs_nobody_in(client, provider, store, spoilt):
    provider.spoilt = spoilt
    answer = log_in(client)
    assert answer.status_code in (400, 502)
    assert "Please try again" in answer.get_data(as_text=True)
    assert store.preferences.users() == []
    assert client.get("/notifications", base_url=BASE).status_code == 302


def test_a_forged_state_logs_nobody_in(client, store):
    assert log_in(client, forged="x").status_code == 400
    assert client.get("/login/callback?code=code0&state=y", base_url=BASE).status_code == 400
    assert client.get("/login/callback", base_url=BASE).status_code in (400, 502)
    assert store.preferences.users() == []


@pytest.mark.parametrize("claims", [{"sub": "1"}, {"sub": "1", "nickname": 7}, {"sub": "1", "nickname": "a/b"}])
def test_a_name_that_is_none_gets_no_account(client, provider, store, claims):
    provider.claims = claims
    assert log_in(client).status_code == 400
    assert store.preferences.users() == []


def test_a_provider_that_is_away_is_a_page_that_says_so(tmp_path, store):
    settings = Settings(data_dir=tmp_path, base_url=BASE, web={"issuer": "http://127.0.0.1:9/", "client_id": "fmn"})
    app = create_app(settings, PluginRegistry(), store)
    app.config["WTF_CSRF_ENABLED"] = False
    answer = app.test_client().post("/login/begin", base_url=BASE)
    assert (answer.status_code, "gives no answer" in answer.get_data(as_text=True)) == (503, True)
