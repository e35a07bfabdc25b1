"""History: pages of it lose nothing, and things like one notification are stopped without stopping all else."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest
from toy_messages import SUMMARIES, keep

from fmn_core import completes, topic_rule
from fmn_core.config import Settings
from fmn_core.model import Filter, Outcome, RuleUse
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import Arguments, Hint, Rule, RuleBook, Text
from fmn_core.store import LedgerEntry
from fmn_core.testing import RecordingBackend
from fmn_web import create_app

BASE = "http://127.0.0.1/"
NOW = datetime.now(UTC)


class Package(Arguments):
    """A package."""

    package: Annotated[Text, completes("package")]


def about(message, arguments, lookups):
    return arguments.package in message.facts.packages


RULES = (
    topic_rule("toy_ended", "toys.ended", "Toy ended"),
    topic_rule("boat_sank", "boats.sank", "Boat sank"),
    Rule("about", "About a package", "", about, Package, hint=Hint()),
)


@pytest.fixture
def app(tmp_path, store):
    backends = {"mail": RecordingBackend("mail"), "pigeon": RecordingBackend("pigeon")}
    registry = PluginRegistry(rules=RuleBook(RULES, "toys"), backends=backends, summaries=SUMMARIES)
    made = create_app(Settings(data_dir=tmp_path, web={"demo_login": True}), registry, store)
    made.config["WTF_CSRF_ENABLED"] = False
    return made


def client_of(app, name):
    client = app.test_client()
    assert client.post("/login/demo", data={"name": name}, base_url=BASE).status_code == 302
    return client


@pytest.fixture
def jane(app):
    return client_of(app, "jane")


@pytest.fixture
def toys(jane, store):
    return store.editing.add_filter("jane", "mail", Filter("", "Toys", (RuleUse("toy_ended"),)))


def entry(notification="n1", user="jane", at=NOW, outcome=Outcome.SENT, **more):
    fields = {"backend": "mail", "destination": "jane@example.org", "filter_name": "Toys", "reason": "", "attempts": 1,
              "thread": "t/1", "summary": f"summary of {notification}.", **more}  # fmt: skip
    return LedgerEntry(notification, fields.pop("message_id", "m1"), user=user, outcome=outcome, at=at, **fields)


def archive(store, *packages):
    for number, name in enumerate(packages, 1):
        sent_at = NOW - timedelta(hours=number)
        keep(store, f"m{number}", "toys.ended", sent_at, summary=f"it is {name}", packages=[name])


def text_of(answer):
    return answer.get_data(as_text=True)


def field(page, name):
    return html.unescape(re.search(f'name="{name}" value="([^"]*)"', page)[1])


# The list.


def test_every_notification_is_on_one_page_also_if_a_long_digest_was_sent_in_one_moment(jane, store):
    store.ledger.record([entry(f"digest{number:03}") for number in range(120)])
    store.ledger.record([entry(f"older{number}", at=NOW - timedelta(hours=1 + number)) for number in range(3)])
    seen, path = [], "/history"
    while path:
        page = text_of(jane.get(path, base_url=BASE))
        seen += re.findall(r'href="/history/(\w+)"', page)
        older = re.search(r'href="([^"]+)">Older', page)
        path = html.unescape(older[1]) if older else None
    assert sorted(seen) == sorted([*(f"digest{n:03}" for n in range(120)), "older0", "older1", "older2"])


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"n1", "n2", "n3"}),
        ("?outcome=failed", {"n2"}),
        ("?backend=pigeon", {"n3"}),
        ("?backend=pigeon&outcome=failed", set()),
        ("?backend=%00&outcome=%00", set()),
        ("?outcome=nonsense&before=nonsense&behind=%00", {"n1", "n2", "n3"}),
    ],
)
def test_the_list_is_narrowed(jane, store, query, shown):
    store.ledger.record([
        entry("n1"), entry("n2", outcome=Outcome.FAILED, reason="no such mailbox"), entry("n3", backend="pigeon"),
        entry("n4", user="joe", outcome=Outcome.FAILED),
    ])  # fmt: skip
    answer = jane.get(f"/history{query}", base_url=BASE)
    assert answer.status_code == 200
    assert set(re.findall(r'href="/history/(\w+)"', text_of(answer))) == shown
    assert ("failed: no such mailbox" in text_of(answer)) == ("n2" in shown)


def test_a_filter_is_linked_as_long_as_it_is_there(jane, store, toys):
    store.ledger.record([entry("n1", filter_id=toys.id), entry("n2", filter_id="9999", filter_name="Gone")])
    page = text_of(jane.get("/history", base_url=BASE))
    assert re.findall(r'href="/notifications/filters/(\d+)">([^<]+)', page) == [(toys.id, "Toys")]
    assert "by Gone" in page


def test_what_strangers_wrote_is_text(jane, store):
    evil = "<script>alert(1)</script>"
    store.ledger.record([entry("n1", summary=evil, reason=evil, outcome=Outcome.FAILED, filter_name=evil, thread=evil,
                               destination=evil, message_id=evil)])  # fmt: skip
    for path in ("/history", "/history/n1"):
        page = text_of(jane.get(path, base_url=BASE))
        assert evil not in page
        assert html.escape(evil) in page
    jane.post("/history/n1/mute", data={"for": "week"}, base_url=BASE)
    assert evil not in text_of(jane.get("/history", base_url=BASE))


# Things like this.


def test_things_like_this_are_left_out_and_others_are_not(jane, store, toys):
    archive(store, "kernel", "kernel", "bash", "bash", "bash")
    store.ledger.record([entry(filter_id=toys.id)])
    assert "/history/n1/less" in text_of(jane.get("/history/n1", base_url=BASE))
    page = text_of(jane.get("/history/n1/less", base_url=BASE))
    assert "About a package: kernel" in page
    assert "Would have left out 1 of 4 other messages of the last 7 days." in page
    data = {"version": field(page, "version"), "rule": field(page, "rule")}
    answer = jane.post("/history/n1/less", data=data, base_url=BASE)
    assert (answer.status_code, answer.location) == (302, "/history/n1")
    (_, saved) = store.editing.find_filter("jane", toys.id)
    assert saved.rules == (RuleUse("toy_ended"), RuleUse("about", {"package": "kernel"}, negated=True))
    page = text_of(jane.get("/history/n1/less", base_url=BASE))
    assert "lets nothing like this through" in page
    assert 'name="rule"' not in page


def test_what_another_window_saved_meanwhile_is_kept(jane, store, toys):
    archive(store, "kernel", "bash")
    store.ledger.record([entry(filter_id=toys.id)])
    page = text_of(jane.get("/history/n1/less", base_url=BASE))
    data = {"version": field(page, "version"), "rule": field(page, "rule")}
    store.switches.switch_filter("jane", toys.id, False)
    answer = jane.post("/history/n1/less", data=data, base_url=BASE, follow_redirects=True)
    assert "Nothing was saved" in text_of(answer)
    assert store.editing.find_filter("jane", toys.id)[1].rules == (RuleUse("toy_ended"),)


@pytest.mark.parametrize(
    "rule", ["", "5", "nonsense", "[]", '["about"]', '["gone",{}]', '["about",{"package":5}]', '["about",5]', "[[],{}]",
             '["about",{"package":"a","more":1}]', '["about",{"package":"a"},false]',
             '["toy_ended",null]', '["toy_ended",0]', '["toy_ended",[]]', f'["about",{{"package":"{"a" * 5000}"}}]']
)  # fmt: skip
def test_what_is_no_rule_is_refused(jane, store, toys, rule):
    archive(store, "kernel", "bash")
    store.ledger.record([entry(filter_id=toys.id)])
    version = field(text_of(jane.get("/history/n1/less", base_url=BASE)), "version")
    answer = jane.post("/history/n1/less", data={"version": version, "rule": rule}, base_url=BASE)
    assert answer.status_code == 400
    assert store.editing.find_filter("jane", toys.id)[1].rules == (RuleUse("toy_ended"),)


def test_a_filter_is_switched_off_from_its_notification(jane, store, toys):
    store.ledger.record([entry(filter_id=toys.id)])
    assert jane.post("/history/n1/switch-off", base_url=BASE).status_code == 302
    assert not store.editing.find_filter("jane", toys.id)[1].active
    assert "This filter is switched off." in text_of(jane.get("/history/n1", base_url=BASE))


def test_without_the_message_there_is_no_proposal_but_a_page(jane, store, toys):
    store.ledger.record([entry(filter_id=toys.id)])
    assert "not in the archive any more" in text_of(jane.get("/history/n1/less", base_url=BASE))


@pytest.mark.parametrize("end", ["", "/less", "/mute", "/switch-off"])
@pytest.mark.parametrize("notification", ["n1", "unknown", "%00", "%F0%9F%92%A9", "<b>"])
def test_what_is_somebody_elses_is_not_there(app, store, toys, notification, end):
    archive(store, "kernel")
    store.ledger.record([entry(filter_id=toys.id)])
    joe = client_of(app, "joe")
    method = joe.get if not end else joe.post
    data = {"for": "day", "rule": '["about",{"package":"kernel"}]'}
    assert method(f"/history/{notification}{end}", data=data, base_url=BASE).status_code == 404
    assert store.editing.find_filter("jane", toys.id)[1] == toys
    assert store.mutes.all(NOW) == {}


def test_a_filter_of_somebody_else_cannot_be_reached_by_an_entry_of_ones_own(app, store, toys):
    """Ids of filters are never used again, but whoever could write the ledger would still get nowhere."""
    joe = client_of(app, "joe")
    store.ledger.record([entry("n2", "joe", filter_id=toys.id)])
    assert joe.get("/history/n2/less", base_url=BASE).status_code == 404
    assert joe.post("/history/n2/switch-off", base_url=BASE).status_code == 404
    assert store.editing.find_filter("jane", toys.id)[1].active
