"""What admins do about accounts: look at them, disable them, and act as somebody, which is seen and ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from admin_place import BASE, EVIL, GROUP, NOW, client_of, fill, made, text
from markupsafe import escape

from fmn_core.lookups import LookupData
from fmn_core.snapshot import Snapshot
from fmn_web.policy import POLICY, Access


@pytest.fixture
def app(tmp_path, store):
    return made(tmp_path, store)


@pytest.fixture
def jane(app):
    return client_of(app, "jane")


@pytest.fixture
def root(app):
    return client_of(app, "root")


def do(client, what, name="jane", reason="because", status=302):
    return text(client.post(f"/admin/user/{what}", data={"name": name, "reason": reason}, base_url=BASE), status)


def notes(store):
    return [(one.what, one.argument, one.actor, one.answer) for one in store.orders.latest()]


def is_in(client):
    return client.get("/notifications", base_url=BASE).status_code == 200


def switched_on(store, name="jane"):
    return store.preferences.user(name).preferences[0].enabled


# Users.


def test_users_are_found_by_how_their_names_begin(app, store, root):
    for number in range(60):
        store.accounts.log_in(f"user{number:02}", "", list, NOW)
    page = text(root.get("/admin/users?q=user", base_url=BASE))
    assert "user49" in page
    assert "user50" not in page
    assert "user59" in text(root.get("/admin/users?q=user&after=user49", base_url=BASE))
    assert "begins so" in text(root.get("/admin/users?q=nobody", base_url=BASE))


def test_a_user_is_shown_with_what_they_have(store, jane, root):
    fill(store)
    page = text(root.get("/admin/user?name=jane", base_url=BASE))
    for words in (f"Toys {escape(EVIL)}", "Last login", "No address"):
        assert words in page
    text(root.get("/admin/user?name=nobody", base_url=BASE), 404)
    do(root, "disable", "nobody", status=404)


def test_a_disabled_user_is_logged_out_and_reads_why(app, store, jane, root):
    assert is_in(jane)
    do(root, "disable", reason=f"spam {EVIL}")
    assert not is_in(jane)
    again = app.test_client().post("/login/demo", data={"name": "jane"}, base_url=BASE)
    assert f"This account is disabled: spam {escape(EVIL)}" in text(again, 403)
    do(root, "enable")
    assert is_in(client_of(app, "jane"))
    assert not is_in(jane)
    assert notes(store) == [
        ("enable", "jane", "root", f"it was disabled: spam {EVIL}"),
        ("disable", "jane", "root", f"spam {EVIL}"),
    ]


def test_nothing_is_done_without_a_reason(store, jane, root):
    for what in ("disable", "act"):
        do(root, what, reason=" \n")
    assert "please give a reason" in text(root.get("/admin/user?name=jane", base_url=BASE))
    assert notes(store) == []
    assert is_in(jane)


def test_nobody_disables_or_acts_as_themself(store, root):
    do(root, "disable", "root")
    do(root, "act", "root")
    assert is_in(root)
    assert notes(store) == []


def test_sessions_are_ended(store, jane, root):
    do(root, "end-sessions")
    assert not is_in(jane)
    assert [one[0] for one in notes(store)] == ["end-sessions"]


# Acting as somebody.


def test_whoever_acts_as_somebody_sees_it_on_every_page_and_is_no_admin(app, store, jane, root):
    do(root, "act", reason=f"she asked {EVIL}")
    for path in ("/notifications", "/history", "/plugins", "/changes"):
        page = text(root.get(path, base_url=BASE))
        assert "You act as <strong>jane</strong>" in page
        assert ">Admin</a>" not in page
    for endpoint, access in POLICY.items():
        if access is Access.ADMIN:
            (rule,) = [one for one in app.url_map.iter_rules() if one.endpoint == endpoint]
            answer = root.open(rule.rule, method="GET" if "GET" in rule.methods else "POST", base_url=BASE)
            assert answer.status_code == 404, endpoint
    assert "You act as" not in text(jane.get("/notifications", base_url=BASE))


def test_what_is_changed_meanwhile_is_the_admins_doing_and_they_can_see_both(store, jane, root):
    do(root, "act", reason=f"she asked {EVIL}")
    text(root.post("/notifications/mail/switch", data={"on": "1"}, base_url=BASE), 302)
    assert switched_on(store)
    assert not switched_on(store, "root")
    (change,) = store.audit.of_user("jane")
    assert (change.actor.name, change.actor.way) == ("root", "web")
    page = text(jane.get("/changes", base_url=BASE))
    assert f"she asked {escape(EVIL)}" in page
    assert "root, on these pages" in page
    assert notes(store) == [("act-as", "jane", "root", f"she asked {EVIL}")]


def test_it_can_be_stopped(store, root, jane):
    do(root, "act")
    stopped = root.post("/stop-acting", base_url=BASE)
    assert (stopped.status_code, stopped.location) == (302, "/admin/user?name=jane")
    assert root.get("/admin", base_url=BASE).status_code == 200
    assert jane.post("/stop-acting", base_url=BASE).location == "/notifications"
    assert notes(store)[0] == ("act-no-more", "jane", "root", "stopped")
    assert "Act as jane no more: stopped" in text(root.get("/admin/log", base_url=BASE))


def past(client):
    """Let an hour pass."""
    with client.session_transaction(base_url=BASE) as session:
        session["guise"] = {**session["guise"], "until": (NOW - timedelta(seconds=1)).timestamp()}


def test_it_ends_by_itself_and_nothing_is_then_done_by_mistake(store, jane, root):
    do(root, "act")
    past(root)
    page = text(root.post("/notifications/mail/switch", data={"on": "1"}, base_url=BASE), 409)
    assert "you act as jane no more" in page
    assert not switched_on(store)
    assert not switched_on(store, "root")
    assert root.get("/admin", base_url=BASE).status_code == 200


def test_that_it_has_ended_is_said(store, root, jane):
    do(root, "act")
    past(root)
    page = text(root.get("/notifications", base_url=BASE))
    assert "You act as jane no more." in page
    assert "You act as <strong>" not in page
    assert notes(store)[0] == ("act-no-more", "jane", "root", "it was over")


def test_whoever_logs_out_acts_no_more(store, jane, root):
    do(root, "act")
    text(root.post("/logout", base_url=BASE), 302)
    assert notes(store)[0] == ("act-no-more", "jane", "root", "logged out")


def test_forms_from_before_are_of_no_use(app, store, jane, root):
    """Somebody has two windows: what was made for one account is not sent as another."""
    app.config["WTF_CSRF_ENABLED"] = True

    def token():
        return text(root.get("/notifications", base_url=BASE)).split('name="csrf_token" value="')[1].split('"')[0]

    own = token()
    data = {"name": "jane", "reason": "because", "csrf_token": own}
    assert root.post("/admin/user/act", data=data, base_url=BASE).location == "/notifications"
    answer = root.post("/notifications/mail/switch", data={"on": "1", "csrf_token": own}, base_url=BASE)
    assert "Nothing was changed" in text(answer, 400)
    janes = token()
    text(root.post("/stop-acting", data={"csrf_token": janes}, base_url=BASE), 302)
    answer = root.post("/notifications/mail/switch", data={"on": "1", "csrf_token": janes}, base_url=BASE)
    assert "Nothing was changed" in text(answer, 400)
    assert not switched_on(store)
    assert not switched_on(store, "root")


def test_it_ends_with_the_account_and_with_the_session_of_the_admin(app, store, jane, root):
    do(root, "act")
    store.accounts.disable("jane", "spam")
    assert "You act as jane no more." in text(root.get("/notifications", base_url=BASE))
    store.accounts.enable("jane")
    do(root, "act")
    store.accounts.end_sessions("root")
    assert not is_in(root)


def test_it_ends_with_being_an_admin(tmp_path, store):
    lookups = Snapshot([LookupData(groups={GROUP: ["ann"]})])
    app = made(tmp_path, store, lookups=lookups, admin_group=GROUP, admins=[])
    client_of(app, "jane")
    ann = client_of(app, "ann")
    do(ann, "act")
    lookups._members = {}
    page = text(ann.get("/notifications", base_url=BASE))
    assert "You act as <strong>" not in page
    assert ann.get("/admin", base_url=BASE).status_code == 404


def test_what_is_for_the_owner_alone_is_not_for_who_acts_as_them(app, store, jane, root):
    do(root, "act")
    for endpoint, access in POLICY.items():
        if access is Access.OWNER:
            (rule,) = [one for one in app.url_map.iter_rules() if one.endpoint == endpoint]
            path = rule.rule.replace("<token>", "1")
            assert root.open(path, method="GET" if "GET" in rule.methods else "POST", base_url=BASE).status_code == 403
    assert store.tokens.of_user("jane") == []
    text(jane.post("/account/tokens", data={"title": "mine"}, base_url=BASE))
    assert len(store.tokens.of_user("jane")) == 1


def test_nobody_acts_as_a_disabled_user(store, jane, root):
    store.accounts.disable("jane", "spam")
    do(root, "act")
    assert "where the account is not disabled" in text(root.get("/admin/user?name=jane", base_url=BASE))
    assert notes(store) == []
