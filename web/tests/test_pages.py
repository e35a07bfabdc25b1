"""Who may see what, and what the pages for members do, through the whole application."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

import pytest

from fmn_core import topic_rule
from fmn_core.config import Settings, WebSettings
from fmn_core.defaults import DefaultFilter
from fmn_core.errors import ConfigError
from fmn_core.model import Facts, Filter, Message, Outcome, Preference, RuleUse, User
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import Arguments, Rule, RuleBook, Words, always
from fmn_core.store import Archived, LedgerEntry, version_of
from fmn_core.testing import RecordingBackend
from fmn_web import create_app
from fmn_web.policy import POLICY, Access

BASE = "http://127.0.0.1/"
NOW = datetime.now(UTC)


class Names(Arguments):
    """Some names."""

    names: Words


RULES = (
    topic_rule("toy_ended", "toys.ended", "Toy ended"),
    topic_rule("boat_sank", "boats.sank", "Boat sank"),
    Rule("named", "Named so", "", always, Names),
)


@pytest.fixture
def registry():
    mail = RecordingBackend("mail")
    mail.takes_mail_address = True
    return PluginRegistry(rules=RuleBook(RULES, "toys"), backends={"mail": mail})


@pytest.fixture
def app(tmp_path, store, registry):
    made = create_app(Settings(data_dir=tmp_path, web={"demo_login": True}), registry, store)
    made.config["WTF_CSRF_ENABLED"] = False
    return made


def client_of(app, name):
    client = app.test_client()
    assert client.post("/login/demo", data={"name": name}, base_url=BASE).status_code == 302
    return client


@pytest.fixture
def jane(app, store):
    client = client_of(app, "jane")
    store.editing.add_filter("jane", "mail", Filter("", "Toys <b>", (RuleUse("toy_ended"),)))
    return client


def filter_of(store, user="jane"):
    return store.preferences.user(user).preferences[0].filters[0]


def form(*rules, **more):
    return {"name": "Boats", "active": "1", **{f"rule-{n}": rule for n, rule in enumerate(rules)}, **more}


# Who may see what.


def test_every_page_is_in_the_policy_and_nothing_else(app):
    assert set(POLICY) == set(app.view_functions)


def url(app, endpoint):
    (rule,) = [one for one in app.url_map.iter_rules() if one.endpoint == endpoint][:1]
    values = {"backend": "mail", "state": "on", "way": "up", "kind": "package", "form": "toml"}
    with app.test_request_context(base_url=BASE):
        known = {name: values.get(name, "7") for name in rule.arguments}
        return app.url_map.bind("127.0.0.1").build(endpoint, known, force_external=False), rule.methods


@pytest.mark.parametrize(
    "endpoint", [name for name, access in POLICY.items() if access in (Access.MEMBER, Access.OWNER)]
)
def test_a_page_for_members_is_for_members(app, endpoint):
    path, methods = url(app, endpoint)
    answer = app.test_client().open(path, method="POST" if "POST" in methods else "GET", base_url=BASE)
    assert answer.status_code == (401 if "POST" in methods else 302)
    assert "GET" not in methods or answer.location.startswith("/login?next=")


def test_a_page_that_nobody_decided_about_is_nobodys(app):
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert client_of(app, "jane").get("/forgotten", base_url=BASE).status_code == 403


def test_every_form_of_members_needs_its_token(app, jane, store):
    app.config["WTF_CSRF_ENABLED"] = True
    for endpoint, access in POLICY.items():
        forms = access in (Access.EVERYBODY, Access.MEMBER)
        path, methods = url(app, endpoint) if forms else ("", ())
        if "POST" in methods:
            answer = jane.post(path, base_url=BASE)
            assert (answer.status_code, "Nothing was changed" in answer.get_data(as_text=True)) == (400, True), endpoint


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/notifications/filters/{0}"),
        ("POST", "/notifications/filters/{0}"),
        ("POST", "/notifications/mail/filters/{0}/remove"),
        ("POST", "/notifications/mail/filters/{0}/up"),
        ("POST", "/notifications/mail/filters/{0}/copy"),
        ("GET", "/jane/mail/{0}"),
        ("GET", "/history/n1"),
        ("POST", "/history/n1/mute"),
    ],
)
def test_what_is_somebody_elses_is_not_there(app, store, jane, method, path):
    store.ledger.record([entry()])
    before = filter_of(store)
    joe = client_of(app, "joe")
    answer = joe.open(
        path.format(before.id), method=method, base_url=BASE, data=form("boat_sank", to="mail", **{"for": "day"})
    )
    assert answer.status_code == 404
    assert filter_of(store) == before
    joe.post(f"/notifications/mail/filters/{before.id}/off", base_url=BASE)
    joe.post("/notifications/mail/order", data={"filter": before.id}, base_url=BASE)
    assert filter_of(store).active


# Login.


def test_whoever_is_new_starts_with_an_account_and_is_asked_at_their_address(app, store):
    client = app.test_client()
    answer = client.post("/login/demo?next=/history", data={"name": "ann", "mail": "ann@example.org"}, base_url=BASE)
    assert answer.location == "/history"
    assert [one.enabled for one in store.preferences.user("ann").preferences] == [False]
    assert [(one.address, one.state) for one in store.confirmations.of_user("ann")] == [("ann@example.org", "pending")]
    client.post("/login/demo", data={"name": "ann", "mail": "ann@example.org"}, base_url=BASE)
    assert len(store.confirmations.of_user("ann")) == 1, "asked once"


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "/\tevil", "javascript:1"]
)
def test_a_login_leads_to_our_pages_only(app, wanted):
    answer = app.test_client().post("/login/demo", query_string={"next": wanted}, data={"name": "ann"}, base_url=BASE)
    assert answer.location == "/notifications"


@pytest.mark.parametrize("name", ["", "  ", "a/b", "x" * 101, "\x00"])
def test_what_is_no_name_of_an_account_is_refused(app, store, name):
    assert app.test_client().post("/login/demo", data={"name": name}, base_url=BASE).status_code == 400
    assert store.preferences.users() == []


def test_the_demo_login_is_for_this_machine_only(app, tmp_path, registry, store):
    login = {"data": {"name": "ann"}}
    assert app.test_client().post("/login/demo", base_url="http://fmn.example.org/", **login).status_code == 404
    far = {"REMOTE_ADDR": "192.0.2.1"}
    assert app.test_client().post("/login/demo", base_url=BASE, environ_base=far, **login).status_code == 404
    with pytest.raises(ConfigError, match="anybody could be anybody"):
        create_app(
            Settings(data_dir=tmp_path, base_url="https://fmn.example.org/", web={"demo_login": True}), registry, store
        )
    closed = create_app(Settings(data_dir=tmp_path), registry, store)
    closed.config["WTF_CSRF_ENABLED"] = False
    assert closed.test_client().post("/login/demo", base_url=BASE, **login).status_code == 404


def test_a_session_ends_at_logout_and_when_all_are_ended(app, store, jane):
    again = client_of(app, "jane")
    assert jane.post("/logout", base_url=BASE).status_code == 302
    assert jane.get("/notifications", base_url=BASE).status_code == 302
    assert again.get("/notifications", base_url=BASE).status_code == 200
    store.accounts.end_sessions("jane")
    assert again.get("/notifications", base_url=BASE).status_code == 302


def test_cookies_are_for_us_alone(tmp_path, registry, store):
    web = WebSettings(issuer="https://id.example.org")
    settings = Settings(data_dir=tmp_path, base_url="https://fmn.example.org/", web=web)
    client = create_app(settings, registry, store).test_client()
    assert "Set-Cookie" not in client.get("/plugins", base_url=settings.base_url).headers
    answer = client.get("/login", base_url=settings.base_url)
    assert all(word in answer.headers["Set-Cookie"] for word in ("HttpOnly", "Secure", "SameSite=Lax"))
    assert "form-action 'self' https://id.example.org;" in answer.headers["Content-Security-Policy"]


# My notifications.


def test_my_notifications_show_everything_escaped(jane):
    page = jane.get("/notifications", base_url=BASE).get_data(as_text=True)
    assert "Toys &lt;b&gt;" in page
    assert "Toy ended" in page


def test_buttons_do_what_they_say(jane, store):
    store.editing.add_filter("jane", "mail", Filter("", "Second", (RuleUse("boat_sank"),)))
    first, second = store.preferences.user("jane").preferences[0].filters
    for path, data in (
        ("switch", {"on": "1"}),
        ("address", {"address": "jane@example.org"}),
        ("digest", {"on": "1", "every": "20", "zone": "Europe/Prague", "quiet": "22:00-07:00"}),
        (f"filters/{first.id}/off", {}),
        (f"filters/{second.id}/copy", {"to": "mail"}),
    ):
        assert jane.post(f"/notifications/mail/{path}", data=data, base_url=BASE).status_code == 302, path
    answer = jane.post("/notifications/mail/order", data={"filter": ["no id", second.id]}, base_url=BASE)
    assert answer.status_code == 204
    one = store.preferences.user("jane").preferences[0]
    assert (one.enabled, one.digest.every, one.digest.quiet) == (True, 1200.0, "22:00-07:00")
    assert [(each.name, each.active) for each in one.filters] == [
        ("Second", True),
        ("Toys <b>", False),
        ("Second", True),
    ]
    assert [(place.address, place.confirmed) for place in one.destinations] == [("jane@example.org", False)]
    jane.post("/notifications/mail/forget-address", data={"address": "jane@example.org"}, base_url=BASE)
    jane.post("/notifications/mail/reset", base_url=BASE)
    assert len(store.preferences.user("jane").preferences[0].filters) == 3, "not without being sure"
    jane.post("/notifications/mail/reset", data={"sure": "1"}, base_url=BASE)
    one = store.preferences.user("jane").preferences[0]
    assert (one.filters, one.destinations) == ((), ())


@pytest.mark.parametrize(
    "data",
    [
        {"on": "1"},
        {"on": "1", "every": "x"},
        {"on": "1", "every": "0"},
        {"on": "1", "at": "25:00"},
        {"zone": "Moon/Base"},
        {"quiet": "all day"},
        {"on": "1", "count": "9" * 400},
    ],
)
def test_times_that_mean_nothing_change_nothing(jane, store, data):
    jane.post("/notifications/mail/digest", data=data, base_url=BASE)
    assert "Nothing was changed" in jane.get("/notifications", base_url=BASE).get_data(as_text=True)
    assert not store.preferences.user("jane").preferences[0].digest.on


# Edit a filter.


def test_a_new_filter_is_put_together_and_saved(jane, store):
    page = jane.post("/notifications/mail/filters/new", data=form(action="add:named"), base_url=BASE).get_data(
        as_text=True
    )
    assert 'name="0-names"' in page
    assert len(store.preferences.user("jane").preferences[0].filters) == 1, "nothing is saved yet"
    answer = jane.post(
        "/notifications/mail/filters/new", base_url=BASE,
        data=form("named", "boat_sank", action="save", **{"0-names": "a, b", "negated-1": "1"}),
    )  # fmt: skip
    assert answer.status_code == 302
    saved = store.preferences.user("jane").preferences[0].filters[1]
    assert saved.rules == (RuleUse("named", {"names": ["a", "b"]}), RuleUse("boat_sank", {}, True))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (form("boat_sank", name=""), "It is empty"),
        (form("boat_sank", name="x" * 51), "50 characters"),
        (form("boat_sank", name="a\x00b"), "no printable character"),
        (form("named"), "&#39;names&#39; is required"),
        (form("no_such_rule"), "no rule is named"),
        (form(), "A filter needs a rule"),
        (form("boat_sank", **{"negated-0": "1"}), "I want that"),
    ],
)
def test_what_is_wrong_is_said_and_not_saved(jane, store, data, said):
    answer = jane.post("/notifications/mail/filters/new", data={**data, "action": "save"}, base_url=BASE)
    assert said.lower() in answer.get_data(as_text=True).lower()
    assert len(store.preferences.user("jane").preferences[0].filters) == 1


def test_the_second_of_two_windows_is_told_and_overwrites_nothing_unknowingly(jane, store):
    one, path = filter_of(store), f"/notifications/filters/{filter_of(store).id}"
    mine = form("boat_sank", action="save", version=version_of(one))
    assert (
        jane.post(
            path, data=form("toy_ended", action="save", name="First", version=version_of(one)), base_url=BASE
        ).status_code
        == 302
    )
    answer = jane.post(path, data=mine, base_url=BASE)
    assert (answer.status_code, filter_of(store).name) == (409, "First")
    assert "was changed meanwhile" in answer.get_data(as_text=True)
    jane.post(path, data={**mine, "version": version_of(filter_of(store))}, base_url=BASE)
    assert filter_of(store).name == "Boats"


def test_a_rule_whose_plugin_is_gone_is_kept_and_can_be_removed(jane, store):
    gone = store.editing.add_filter(
        "jane", "mail", Filter("", "Old", (RuleUse("gone", {"x": [1]}), RuleUse("boat_sank")))
    )
    path = f"/notifications/filters/{gone.id}"
    assert "its plugin is not installed" in jane.get(path, base_url=BASE).get_data(as_text=True)
    jane.post(path, data=form("gone", "boat_sank", action="save", version=version_of(gone)), base_url=BASE)
    kept = store.editing.find_filter("jane", gone.id)[1]
    assert (kept.name, kept.rules) == ("Boats", gone.rules)
    page = jane.post(path, data=form("gone", "boat_sank", action="remove:0"), base_url=BASE).get_data(as_text=True)
    assert 'value="gone"' not in page


def test_the_forecast_says_what_came_of_late(jane, store):
    store.archive.put([archived(1, "a.b.c.boats.sank"), archived(2, "a.b.c.toys.ended")])
    page = jane.post("/forecast", data=form("boat_sank"), base_url=BASE).get_data(as_text=True)
    assert "boats.sank" in page
    assert "toys.ended" not in page


# History.


def archived(number, topic):
    return Archived.of(
        Message(f"m{number}", topic, {}, sent_at=NOW, facts=Facts("t", "s", packages=frozenset(["kernel"]))), NOW
    )


def entry(notification="n1", user="jane"):
    return LedgerEntry(notification, "m1", user, "mail", "jane@example.org", "Toys", Outcome.SENT, "", 1, NOW,
                       thread="t/1", summary="<i>it ended</i>")  # fmt: skip


def test_history_why_and_mute(jane, store):
    store.ledger.record([entry(), entry("n2", "joe")])
    store.archive.put([archived(1, "a.b.c.toys.ended")])
    page = jane.get("/history", base_url=BASE).get_data(as_text=True)
    assert page.count("&lt;i&gt;it ended") == 2  # once to be read, once for those who hear it
    page = jane.get("/history/n1", base_url=BASE).get_data(as_text=True)
    assert "Toy ended" in page
    jane.post("/history/n1/mute", data={"for": "day"}, base_url=BASE)
    assert list(store.mutes.of_user("jane", NOW)) == ["t/1"]
    jane.post("/history/unmute", data={"thread": "t/1"}, base_url=BASE)
    assert store.mutes.of_user("jane", NOW) == {}
    assert jane.post("/history/n1/mute", data={"for": "ever"}, base_url=BASE).status_code == 400


def test_what_was_expected_is_found_and_explained(jane, store):
    store.archive.put([archived(1, "a.b.c.toys.ended"), archived(2, "a.b.c.boats.sank")])
    page = jane.get("/expected?package=kernel&words=boats", base_url=BASE).get_data(as_text=True)
    assert ("/expected/m2" in page, "/expected/m1" in page) == (True, False)
    page = jane.get("/expected/m2", base_url=BASE).get_data(as_text=True)
    assert "toy_ended does not hold" in page
    assert jane.get("/expected/m3", base_url=BASE).status_code == 404


def test_live_allows_its_own_stream_and_nothing_else(app, jane, registry):
    registry.backends["mail"].stream_url = lambda user: f"https://live.example.org/events/{user}?token=x"
    answer = jane.get("/live", base_url=BASE)
    assert "connect-src 'self' https://live.example.org" in answer.headers["Content-Security-Policy"]
    assert "https://live.example.org/events/jane?token=x" in answer.get_data(as_text=True)
    assert "live.example.org" not in jane.get("/history", base_url=BASE).headers["Content-Security-Policy"]


def test_a_database_that_is_away_is_a_page_that_says_so(app, jane, tmp_path, store):
    with closing(store):
        pass
    (tmp_path / "fmn.sqlite").write_bytes(b"no database at all" * 100)
    for end in ("-wal", "-shm"):
        (tmp_path / f"fmn.sqlite{end}").unlink(missing_ok=True)
    answer = jane.get("/notifications", base_url=BASE)
    assert (answer.status_code, "gives no answer" in answer.get_data(as_text=True)) == (503, True)


def test_users_of_old_can_log_in(app, store):
    store.preferences.save(User("old", (Preference("", "old", "mail", True),)))
    client_of(app, "old")
    assert store.preferences.user("old").preferences[0].enabled


def test_an_address_for_a_backend_that_came_later_brings_the_first_filters_along(tmp_path, store, registry):
    registry.defaults.append(DefaultFilter("toys", "My toys", (RuleUse("toy_ended"),)))
    app = create_app(Settings(data_dir=tmp_path, web={"demo_login": True}), registry, store)
    app.config["WTF_CSRF_ENABLED"] = False
    client = client_of(app, "jane")
    registry.backends["post"] = RecordingBackend("post")
    client.post("/notifications/post/address", data={"address": "jane@example.org"}, base_url=BASE)
    post = store.preferences.user("jane").preferences[1]
    assert [one.name for one in post.filters] == ["My toys"]
    assert [one.address for one in post.destinations] == ["jane@example.org"]
