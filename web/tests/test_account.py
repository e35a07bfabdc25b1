"""The account page, its tokens, and feeds, through the whole application."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from api_place import NOW, ApiPlace

from fmn_core.model import Outcome
from fmn_core.store import LedgerEntry

BASE = "http://127.0.0.1/"
ATOM = "{http://www.w3.org/2005/Atom}"
ENTRY = LedgerEntry("n1", "m1", "jane", "mail", "x@example.org", "sunk", Outcome.SENT, "", 1, NOW, summary="it sank")


@pytest.fixture
def place(tmp_path, store):
    made = ApiPlace(tmp_path, store)
    made.app.config["WTF_CSRF_ENABLED"] = False
    return made


@pytest.fixture
def jane(place):
    client = place.app.test_client()
    client.post("/login/demo", data={"name": "jane"}, base_url=BASE)
    return client


def text(answer):
    return answer.get_data(as_text=True)


def test_a_token_is_made_shown_once_used_and_revoked(place, jane):
    page = text(jane.post("/account/tokens", data={"title": "my <b> script", "writes": "1"}, base_url=BASE))
    (secret,) = re.findall(r'value="(fmn_[\w-]+)"', page)
    assert place.call("GET", "/me", secret=secret).json["may_change"] is True
    page = text(jane.get("/account", base_url=BASE))
    assert (secret in page, "my &lt;b&gt; script" in page, "used last" in page) == (False, True, True)
    made = place.store.tokens.of_user("jane")[0]
    assert jane.post(f"/account/tokens/{made.id}/revoke", base_url=BASE).status_code == 302
    assert place.call("GET", "/me", secret=secret).status_code == 401


@pytest.mark.parametrize("title", ["", " ", "x" * 101])
def test_a_token_without_a_name_is_not_made(place, jane, title):
    before = place.store.tokens.of_user("jane")
    answer = jane.post("/account/tokens", data={"title": title}, base_url=BASE, follow_redirects=True)
    assert "Nothing was made" in text(answer)
    assert place.store.tokens.of_user("jane") == before


def test_tokens_of_others_are_not_mine(place, jane):
    theirs, _ = place.store.tokens.make("joe", "api", "his", NOW)
    assert "his" not in text(jane.get("/account", base_url=BASE)).split("<main")[1]
    assert jane.post(f"/account/tokens/{theirs.id}/revoke", base_url=BASE).status_code == 404
    assert jane.post("/account/tokens/x/revoke", base_url=BASE).status_code == 404
    assert len(place.store.tokens.of_user("joe")) == 1


def test_all_sessions_end(place, jane):
    other = place.app.test_client()
    other.post("/login/demo", data={"name": "jane"}, base_url=BASE)
    jane.post("/account/log-out-everywhere", base_url=BASE)
    assert [client.get("/account", base_url=BASE).status_code for client in (jane, other)] == [302, 302]


@pytest.fixture
def feed(place, jane):
    page = text(jane.post(f"/notifications/filters/{place.filter_of('jane').id}/feed", base_url=BASE))
    return dict(re.findall(r'id="(atom|rss)" value="http://[^/]+(/[^"]+)"', page))


def record(place, *entries):
    place.store.ledger.record([replace(one, filter_id=place.filter_of("jane").id) for one in entries])


def test_a_feed_has_what_its_filter_let_through(place, feed):
    place.happened()
    record(place, replace(ENTRY, summary="a <boat> sank\x00\x0b & more"), replace(ENTRY, notification="n2"),
           replace(ENTRY, notification="n3", message_id="m3", outcome=Outcome.SUPPRESSED))  # fmt: skip
    place.store.ledger.record([replace(ENTRY, notification="n4", message_id="m4", filter_id="999", summary="other")])
    answer = place.app.test_client().get(feed["atom"])
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    root = ElementTree.fromstring(answer.data)
    assert root.findtext(f"{ATOM}title") == "jane's"
    (entry,) = root.findall(f"{ATOM}entry")
    assert "sank" in (entry.findtext(f"{ATOM}title") or "")
    assert entry.findtext(f"{ATOM}id").endswith("/expected/m1")
    for name, value in (("Cache-Control", "no-store"), ("X-Robots-Tag", "noindex, nofollow")):
        assert answer.headers[name] == value
    rss = place.app.test_client().get(feed["rss"])
    assert len(ElementTree.fromstring(rss.data).findall("channel/item")) == 1


def test_what_came_over_the_bus_is_text_in_a_feed(place, feed):
    record(place, replace(ENTRY, summary="a <boat> sank\x00\x0b & more \ud800"))
    (entry,) = ElementTree.fromstring(place.app.test_client().get(feed["atom"]).data).findall(f"{ATOM}entry")
    assert (entry.findtext(f"{ATOM}title") or "").startswith("a <boat> sank")
    assert entry.find(f"{ATOM}link").get("href").endswith("/expected/m1")


def test_a_feed_names_itself_as_people_reach_it(place, feed):
    told = place.app.test_client().get(feed["atom"], base_url="http://inside:8080/")
    links = {one.get("rel"): one.get("href") for one in ElementTree.fromstring(told.data).findall(f"{ATOM}link")}
    assert links["self"] == "http://127.0.0.1:8080" + feed["atom"]
    assert "inside" not in told.get_data(as_text=True)


def test_an_empty_feed_is_one_and_nothing_new_is_not_sent_again(place, feed):
    client = place.app.test_client()
    first = client.get(feed["atom"])
    assert ElementTree.fromstring(first.data).findall(f"{ATOM}entry") == []
    assert client.get(feed["atom"], headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    record(place, ENTRY)
    assert client.get(feed["atom"], headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_a_feed_ends_when_it_is_revoked_and_is_nobody_elses(place, jane, feed):
    theirs = place.filter_of("joe").id
    assert jane.post(f"/notifications/filters/{theirs}/feed", base_url=BASE).status_code == 404
    client, token = place.app.test_client(), place.store.tokens.of_user("jane")[0]
    assert client.get(feed["atom"].replace("fmn_", "fmn_x")).status_code == 404
    assert client.get(f"/feeds/{place.secret}.atom").status_code == 404, "a token for programs is none for feeds"
    jane.post(f"/account/tokens/{token.id}/revoke", base_url=BASE)
    assert client.get(feed["atom"]).status_code == 404
