"""What programs can do, and what they cannot; each operation of the table."""

from __future__ import annotations

import difflib
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from api_place import ApiPlace
from openapi_spec_validator import validate

from fmn_core.model import RuleUse
from fmn_web.api import OPERATIONS
from fmn_web.api.operation import ROOT
from fmn_web.policy import POLICY, Access

HUGE = f'{{"thread": "t", "hours": {"9" * 400}}}'
SANK = {"name": "Sunk", "rules": [{"rule": "boat_sank"}]}
#: enough of a body for each operation that wants one
BODIES = {
    "change_preference": {"enabled": False}, "add_destination": {"address": "jane@example.org"}, "add_filter": SANK,
    "order_filters": {"filters": []}, "replace_filter": SANK, "switch_filter": {"active": False},
    "forecast": {"filter": SANK}, "mute": {"thread": "boat/1"}, "put_document": {"user": "jane", "preferences": []},
}  # fmt: skip


@pytest.fixture
def place(tmp_path, store):
    return ApiPlace(tmp_path, store)


def path_of(one, values):
    return re.sub("{(.+?)}", lambda found: values[found[1]], one.path) + ("?thread=t" if one.name == "unmute" else "")


def problem(answer):
    assert answer.mimetype == "application/problem+json", answer.get_data(as_text=True)
    assert answer.json["status"] == answer.status_code
    return answer.status_code, answer.json.get("detail", "")


# Who may do what.


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.name)
def test_every_operation_wants_a_token_and_writing_one_that_may(place, one):
    assert POLICY[one.endpoint] is (Access.WRITE if one.writes else Access.READ)
    values = dict.fromkeys(("backend", "filter", "address", "notification", "message", "change", "rule"), "7")
    path, body = path_of(one, values), BODIES.get(one.name)
    status, _ = problem(answer := place.call(one.method, path, body, secret=""))
    assert (status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="FMN"')
    assert problem(place.call(one.method, path, body, secret="fmn_wrong"))[0] == 401
    if one.writes:
        assert problem(place.call(one.method, path, body, secret=place.reading))[0] == 403


@pytest.mark.parametrize("one", [one for one in OPERATIONS if "{filter}" in one.path], ids=lambda one: one.name)
def test_a_filter_of_somebody_else_is_none(place, one):
    theirs = place.filter_of("joe")
    path = path_of(one, {"filter": theirs.id})
    assert problem(place.call(one.method, path, BODIES.get(one.name), If_Match='"x"'))[0] == 404
    assert place.filter_of("joe") == theirs


def test_history_mutes_and_changes_are_ones_own(place):
    place.happened("joe", "n2")
    place.store.switches.switch("joe", "mail", False)
    (change,) = place.store.audit.of_user("joe")
    assert place.call("GET", "/history").json["items"] == place.call("GET", "/changes").json["items"] == []
    for method, path in (("GET", "/history/n2"), ("POST", f"/changes/{change.id}/undo")):
        assert problem(place.call(method, path))[0] == 404
    assert problem(place.call("POST", "/forecast", {"filter": SANK, "saved": place.filter_of("joe").id}))[0] == 404


def test_a_session_of_the_pages_and_a_token_of_a_feed_open_nothing_and_a_token_no_page(place):
    client = place.app.test_client()
    place.app.config["WTF_CSRF_ENABLED"] = False
    client.post("/login/demo", data={"name": "jane"}, base_url="http://127.0.0.1/")
    assert client.get(f"{ROOT}/me", base_url="http://127.0.0.1/").status_code == 401
    _, feed = place.store.tokens.make("jane", "feed", "f", place.store.tokens.of_user("jane")[0].made_at)
    assert place.call("GET", "/me", secret=feed).status_code == 401
    bearer = {"Authorization": f"Bearer {place.secret}"}
    assert place.app.test_client().get("/notifications", headers=bearer).status_code == 302


def test_a_disabled_account_has_no_program(place):
    place.store.accounts.disable("jane", "spam")
    assert place.call("GET", "/me").status_code == 401


# What they can do.


def test_me_and_what_is_offered(place):
    assert place.call("GET", "/me").json == {"user": "jane", "mail": "", "token": "script", "may_change": True}
    assert {one["rule"] for one in place.call("GET", "/rules").json} == {"boat_built", "boat_sank", "named"}
    rule = place.call("GET", "/rules/named").json
    assert (rule["plugin"], rule["arguments"]["required"]) == ("toys", ["names"])
    assert "boat_sank" in problem(place.call("GET", "/rules/bote_sank"))[1]
    assert [one["backend"] for one in place.call("GET", "/backends").json] == ["mail", "post"]


def test_a_preference_is_switched_and_told_when(place):
    assert [one["backend"] for one in place.call("GET", "/preferences").json] == ["mail", "post"]
    changed = place.call("PATCH", "/preferences/mail", {"enabled": False, "digest": {"on": True, "every": 600}}).json
    assert (changed["enabled"], changed["digest"]["every"], changed["filters"][0]["name"]) == (False, 600, "jane's")
    assert place.call("GET", "/preferences/mail").json == changed
    one = place.store.audit.of_user("jane")[0]
    assert (one.actor.name, one.actor.way) == ("jane", "api")
    assert problem(place.call("PATCH", "/preferences/smoke", {"enabled": True}))[0] == 404
    wrong = place.call("PATCH", "/preferences/mail", {"digest": {"on": True, "every": 1}, "enable": True})
    assert problem(wrong)[0] == 422
    assert {one["place"] for one in wrong.json["mistakes"]} == {"digest.every", "enable"}


def test_an_address_is_asked_and_removed(place):
    answer = place.call("POST", "/preferences/post/destinations", {"address": "jane@example.org"})
    assert (answer.status_code, answer.json["state"]) == (202, "pending")
    (shown,) = place.call("GET", "/preferences/post").json["destinations"]
    assert (shown["confirmed"], "link" in shown["state"]) == (False, True)
    assert place.call("DELETE", "/preferences/post/destinations/jane@example.org").status_code == 204
    assert problem(place.call("DELETE", "/preferences/post/destinations/jane@example.org"))[0] == 404


def test_a_filter_is_added_changed_ordered_and_removed(place):
    added = place.call("POST", "/preferences/mail/filters", SANK)
    assert (added.status_code, added.json["words"]) == (201, "Boat sank")
    path, tag = f"/filters/{added.json['id']}", added.headers["ETag"]
    wanted = {"name": "Built", "rules": [{"rule": "boat_built"}, {"rule": "named", "arguments": {"names": ["a"]}}]}
    assert problem(place.call("PUT", path, wanted))[0] == 428
    changed = place.call("PUT", path, wanted, If_Match=tag)
    assert (changed.status_code, changed.json["rules"][1]["arguments"]) == (200, {"names": ["a"]})
    assert problem(place.call("PUT", path, wanted, If_Match=tag))[0] == 412
    assert place.call("GET", path).headers["ETag"] == changed.headers["ETag"] != tag
    assert place.call("PATCH", path, {"active": False}).json["active"] is False
    first = place.filter_of("jane").id
    order = place.call("PUT", "/preferences/mail/order", {"filters": [added.json["id"]]}).json
    assert [one["id"] for one in order] == [added.json["id"], first]
    assert place.call("DELETE", path).status_code == 204
    assert problem(place.call("GET", path))[0] == 404
    assert [one.name for one in place.store.preferences.user("jane").preferences[0].filters] == ["jane's"]


def test_filters_that_are_added_at_once_to_a_new_backend_are_all_kept(place):
    with ThreadPoolExecutor(8) as many:
        added = list(many.map(lambda _: place.call("POST", "/preferences/post/filters", SANK).json["id"], range(16)))
    assert {one["id"] for one in place.call("GET", "/preferences/post").json["filters"]} == set(added)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"name": "x", "rules": [{"rule": "bote_sank"}]}, "boat_sank"),
        ({"name": "x", "rules": [{"rule": "named"}]}, "'names' is required"),
        ({"name": "", "rules": []}, "It is empty"),
        ({"name": "x", "rules": []}, "needs a rule"),
        ({"name": "x", "rules": [{"rule": "boat_sank"}] * 101}, "100 rules at most"),
        ({"name": "x", "rules": [{"rule": "named", "arguments": {"names": "n" * 5000}}]}, "more than 4096"),
        ([], "table of names"),
    ],
)
def test_a_filter_with_mistakes_is_not_saved(place, wanted, said):
    answer = place.call("POST", "/preferences/mail/filters", wanted)
    assert problem(answer)[0] == 422
    assert said.lower() in answer.get_data(as_text=True).lower()
    assert len(place.store.preferences.user("jane").preferences[0].filters) == 1


def test_a_rule_whose_plugin_is_gone_stays_and_goes_but_is_not_made_up(place):
    one = place.filter_of("jane")
    kept = place.store.editing.add_filter("jane", "mail", type(one)("", "old", (RuleUse("gone", {"x": 1}),)))
    shown = place.call("GET", f"/filters/{kept.id}")
    assert shown.json["rules"] == [{"rule": "gone", "arguments": {"x": 1}, "negated": False, "installed": False}]
    same = {"name": "still old", "rules": [{"rule": "gone", "arguments": {"x": 1}}, {"rule": "boat_sank"}]}
    changed = place.call("PUT", f"/filters/{kept.id}", same, If_Match=shown.headers["ETag"])
    assert (changed.status_code, len(changed.json["rules"])) == (200, 2)
    other = {"name": "x", "rules": [{"rule": "gone", "arguments": {"x": 2}}]}
    assert problem(place.call("PUT", f"/filters/{kept.id}", other, If_Match=changed.headers["ETag"]))[0] == 422
    assert problem(place.call("POST", "/preferences/mail/filters", same))[0] == 422


def test_a_forecast_and_why(place):
    place.happened()
    found = place.call("POST", "/forecast", {"filter": SANK}, secret=place.reading).json
    assert (found["total"], found["of"], found["latest"][0]["id"]) == (1, 1, "m1")
    why = place.call("GET", "/history/n1").json
    assert (why["notification"]["outcome"], why["notification"]["words"]) == ("sent", "sent")
    (preference,) = why["explanation"]["preferences"]
    assert preference["filters"][0]["rules"][0]["result"] == "true"
    assert place.call("GET", "/messages/m1/explanation").json == why["explanation"]
    assert problem(place.call("GET", "/messages/m2/explanation"))[0] == 404


def test_history_comes_in_pages(place):
    for number in range(5):
        place.happened(notification=f"n{number}", message=f"m{number}")
    found, following = [], ""
    while True:
        page = place.call("GET", f"/history?limit=2&cursor={following}").json
        found += [one["id"] for one in page["items"]]
        following = page["next"]
        if not following:
            break
    assert found == ["n4", "n3", "n2", "n1", "n0"]
    assert place.call("GET", "/history?outcome=failed").json == {"items": [], "next": ""}
    for query in ("limit=0", "limit=x", "cursor=x", "cursor=%C3%BC", "outcome=lost", "wrong=1"):
        assert problem(place.call("GET", f"/history?{query}"))[0] == 422, query


def test_threads_are_muted_and_changes_undone(place):
    assert place.call("POST", "/mutes", {"thread": "boat/1", "hours": 2}).status_code == 200
    assert [one["thread"] for one in place.call("GET", "/mutes").json] == ["boat/1"]
    assert place.call("DELETE", "/mutes?thread=boat/1").status_code == 204
    assert problem(place.call("DELETE", "/mutes?thread=boat/1"))[0] == 404
    place.call("PATCH", "/preferences/mail", {"enabled": False})
    (change,) = place.call("GET", "/changes").json["items"]
    assert (change["by"], change["words"]) == ("you, by a program", ["switched off"])
    assert place.call("POST", f"/changes/{change['id']}/undo").status_code == 204
    assert place.call("GET", "/preferences/mail").json["enabled"]


def test_the_whole_document_there_and_back(place):
    document = place.call("GET", "/document").json
    document["preferences"][0]["filters"][0]["name"] = "renamed"
    document["preferences"][0]["destinations"] = [{"address": "new@example.org", "confirmed": True}]
    back = place.call("PUT", "/document", document).json
    assert back["preferences"][0]["filters"][0]["name"] == "renamed"
    assert back["preferences"][0]["destinations"] == [{"address": "new@example.org", "confirmed": False}]


# What is sent wrongly.


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("GET", "/nothing", {}, 404),
        ("GET", "", {}, 404),
        ("POST", "/me", {}, 405),
        ("POST", "/mutes", {"data": "{}"}, 415),
        ("POST", "/mutes", {"data": "{", "content_type": "application/json"}, 400),
        ("POST", "/mutes", {"data": b"\xff\xfe", "content_type": "application/json"}, 400),
        ("POST", "/mutes", {"data": '{"thread": NaN}', "content_type": "application/json"}, 400),
        ("POST", "/mutes", {"data": "[" * 100_000, "content_type": "application/json"}, 400),
        ("POST", "/mutes", {"data": '{"thread": "\\ud800"}', "content_type": "application/json"}, 422),
        ("POST", "/mutes", {"data": HUGE, "content_type": "application/json"}, 422),
        ("POST", "/mutes", {"data": b" " * 300_000, "content_type": "application/json"}, 413),
    ],
)  # fmt: skip
def test_what_is_sent_wrongly_is_a_problem(place, method, path, sent, status):
    headers = {"Authorization": f"Bearer {place.secret}"}
    answer = place.app.test_client().open(ROOT + path, method=method, headers=headers, **sent)
    assert problem(answer)[0] == status
    assert "Traceback" not in answer.get_data(as_text=True)


def test_a_store_that_is_away_is_a_problem(place, tmp_path, store):
    store.close()
    (tmp_path / "fmn.sqlite").write_bytes(b"no database at all" * 100)
    for end in ("-wal", "-shm"):
        (tmp_path / f"fmn.sqlite{end}").unlink(missing_ok=True)
    answer = place.call("GET", "/me")
    assert (problem(answer)[0], answer.headers["Retry-After"]) == (503, "30")


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("PATCH", "/preferences/mail", {f"k{number}": 1 for number in range(20_000)}),
        ("PATCH", "/preferences/mail", {"digest": {"on": True, "at": ["12:00"] * 20_000}}),
        ("POST", "/preferences/mail/filters", {"name": "x", "rules": [{"rule": "boat"}] * 9_000}),
        ("POST", "/preferences/mail/filters", {"name": "x", "rules": [{"rule": "x" * 200_000}]}),
        ("POST", "/mutes", {"thread": "x" * 200_000}),
    ],
    ids=["names", "times", "rules", "a rule", "a thread"],
)
def test_much_that_is_wrong_does_not_all_come_back(place, method, path, sent):
    answer = place.call(method, path, sent)
    assert problem(answer)[0] == 422
    assert len(answer.get_data()) < 50_000
    assert answer.json["mistakes"]


def test_what_comes_near_is_looked_for_a_few_times_only(place, monkeypatch):
    asked, near = [], difflib.get_close_matches
    monkeypatch.setattr(
        difflib, "get_close_matches", lambda name, *rest, **more: asked.append(name) or near(name, *rest)
    )
    rules = [{"rule": f"bote_sank{number}"} for number in range(1000)]
    answer = place.call("POST", "/preferences/mail/filters", {"name": "x", "rules": rules})
    assert "boat_sank" in answer.json["mistakes"][0]["problem"]
    assert "no rule is named 'bote_sank99'" in answer.json["mistakes"][99]["problem"]
    assert len(asked) < 50


@pytest.mark.parametrize(
    ("preference", "said"),
    [
        ({"destinations": [{"address": f"a{number}@example.org"} for number in range(101)]}, "100 addresses at most"),
        ({"filters": [{"name": "x"}] * 501}, "500 filters at most"),
        ({"filters": [{"name": "x", "rules": [{"rule": "boat_sank"}] * 101}]}, "100 rules at most"),
        ({"filters": [{"name": "x", "rules": [{"rule": "named", "arguments": {"names": "n" * 5000}}]}]}, "than 4096"),
    ],
    ids=["addresses", "filters", "rules", "an argument"],
)
def test_a_document_brings_no_more_than_the_pages_would(place, preference, said):
    answer = place.call("PUT", "/document", {"user": "jane", "preferences": [{"backend": "mail", **preference}]})
    status, detail = problem(answer)
    assert (status, said in detail) == (422, True), detail
    assert place.filter_of("jane").name == "jane's"


def test_there_is_no_room_for_ever_more_filters(place, monkeypatch):
    one = place.filter_of("jane")
    monkeypatch.setattr("fmn_web.sizes.MOST_FILTERS", 2)
    answers = [place.call("POST", "/preferences/mail/filters", SANK) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 422]
    monkeypatch.setattr("fmn_web.sizes.MOST_TEXT", 300)
    path, tag = f"/filters/{one.id}", {"If_Match": place.call("GET", f"/filters/{one.id}").headers["ETag"]}
    names = {"rule": "named", "arguments": {"names": "n" * 300}}
    assert "300 characters" in problem(place.call("PUT", path, {"name": "x", "rules": [names]}, **tag))[1]
    monkeypatch.setattr("fmn_web.sizes.MOST_TEXT", 10)
    smaller = {"name": "x", "rules": [{"rule": "boat_sank"}]}
    assert place.call("PUT", path, smaller, **tag).status_code == 200, "what makes it smaller is welcome"


def test_a_thread_that_no_index_holds_and_too_many_are_not_muted(place, monkeypatch):
    assert "2000 bytes" in problem(place.call("POST", "/mutes", {"thread": "\U0001f4a9" * 1000}))[1]
    monkeypatch.setattr("fmn_web.history.MOST_MUTES", 2)
    answers = [place.call("POST", "/mutes", {"thread": thread}).status_code for thread in ("a", "b", "c", "a")]
    assert answers == [200, 200, 422, 200]


def test_addresses_and_messages_may_hold_a_slash(place):
    place.call("POST", "/preferences/post/destinations", {"address": "jane/home@example.org"})
    assert place.call("DELETE", "/preferences/post/destinations/jane%2Fhome@example.org").status_code == 204
    place.happened(message="a/b")
    assert place.call("GET", "/messages/a%2Fb/explanation").json["message_id"] == "a/b"


def test_the_order_of_what_is_not_installed_is_none(place):
    assert problem(place.call("PUT", "/preferences/smoke/order", {"filters": []}))[0] == 404


def test_nothing_is_guessed(place):
    for body in ({"enabled": "yes"}, {"enabled": 1}, {"digest": {"on": "yes"}}):
        assert problem(place.call("PATCH", "/preferences/mail", body))[0] == 422, body


# The description.


def test_the_description_is_right_and_whole(place):
    answer = place.app.test_client().get(f"{ROOT}/openapi.json")
    validate(answer.json)
    described = {(method.upper(), path) for path, methods in answer.json["paths"].items() for method in methods}
    assert described == {(one.method, one.path) for one in OPERATIONS}
    assert "jane" not in json.dumps(answer.json)
