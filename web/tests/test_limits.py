"""Too often is too often: a page or a problem says so, and others go on."""

from __future__ import annotations

import socket

import pytest
from api_place import ApiPlace

from fmn_core.config import load_settings
from fmn_core.errors import ConfigError
from fmn_web import limits

BASE = "http://127.0.0.1/"
FEW = {
    "login_limit": "3 per minute",
    "link_limit": "2 per minute",
    "search_limit": "2 per minute",
    "api_limit": "2 per hour",
}


@pytest.fixture(params=["memory", "a Redis that is away"])
def place(request, tmp_path, store):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    redis = {} if request.param == "memory" else {"redis": {"url": f"redis://127.0.0.1:{port}/0"}}
    made = ApiPlace(tmp_path, store, web=FEW, **redis)
    made.app.config["WTF_CSRF_ENABLED"] = False
    return made


def logged_in(place, name):
    client = place.app.test_client()
    return client, client.post("/login/demo", data={"name": name}, base_url=BASE).status_code


def test_logins_are_counted_by_address(place):
    assert [logged_in(place, f"n{number}")[1] for number in range(4)] == [302, 302, 302, 429]
    far = {"REMOTE_ADDR": "127.0.0.2"}
    answer = place.app.test_client().post("/login/demo", data={"name": "x"}, base_url=BASE, environ_base=far)
    assert answer.status_code == 302


def test_links_are_counted_by_address(place):
    client = place.app.test_client()
    answers = [client.get(f"/feeds/fmn_{number}.atom") for number in range(3)]
    assert [one.status_code for one in answers] == [404, 404, 429]
    assert int(answers[2].headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "", True),
    ],
)
def test_a_network_of_one_customer_is_counted_as_one(place, first, second, same):
    client = place.app.test_client()
    came = [first, first, second]
    answers = [client.get("/feeds/fmn_x.atom", environ_base={"REMOTE_ADDR": one}).status_code for one in came]
    assert answers == [404, 404, 429 if same else 404]


def test_forecasts_are_counted_by_account(place):
    (jane, _), (joe, _) = logged_in(place, "jane"), logged_in(place, "joe")
    form = {"name": "x", "rule-0": "boat_sank"}
    assert [jane.post("/forecast", data=form, base_url=BASE).status_code for _ in range(3)] == [200, 200, 429]
    assert joe.post("/forecast", data=form, base_url=BASE).status_code == 200
    assert jane.get("/notifications", base_url=BASE).status_code == 200


def test_what_may_ask_another_service_is_counted_as_a_search(place):
    client, _ = logged_in(place, "jane")
    pages = ("/expected/unknown", "/history/unknown", "/expected/another")
    assert [client.get(one, base_url=BASE).status_code for one in pages] == [404, 404, 429]


def test_programs_are_counted_by_token(place):
    answers = [place.call("GET", "/me") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert "Retry-After" not in answers[0].headers
    assert (answers[2].mimetype, answers[2].json["title"]) == ("application/problem+json", "Too Many Requests")
    assert int(answers[2].headers["Retry-After"]) > 0
    assert place.call("GET", "/me", secret=place.reading).status_code == 200


def test_a_token_is_the_same_however_it_is_written(place):
    ways = ("Bearer ", "bearer ", "BEARER ", "Bearer   ")
    calls = [place.call("GET", "/me", secret="", Authorization=way + place.secret).status_code for way in ways]
    assert calls == [200, 200, 429, 429]


def test_a_redis_that_says_nothing_stops_nobody(tmp_path, store, monkeypatch):
    monkeypatch.setattr(limits, "PATIENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        place = ApiPlace(tmp_path, store, web=FEW, redis={"url": url})
        assert [place.call("GET", "/me").status_code for _ in range(3)] == [200, 200, 429]


def test_a_redis_may_be_behind_a_socket(tmp_path, store):
    place = ApiPlace(tmp_path, store, redis={"url": f"unix://{tmp_path}/none.sock"})
    assert place.call("GET", "/me").status_code == 200


@pytest.mark.parametrize("limit", ["often", "0 per minute", "3 per fortnight", "3 per minute; 5 per hour"])
def test_a_limit_that_is_none_is_a_mistake_of_the_configuration(limit):
    with pytest.raises(ConfigError, match=r"web\.api_limit"):
        load_settings(environment={"FMN__WEB__API_LIMIT": limit})


def test_no_limit_is_none(tmp_path, store):
    place = ApiPlace(tmp_path, store, web={"api_limit": ""})
    assert {place.call("GET", "/me").status_code for _ in range(700)} == {200}
