"""A newcomer on a phone: logs in, puts a filter together without reading anything, and sees its forecast."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from web_place import served

from fmn_core import topic_rule
from fmn_core.config import Settings
from fmn_core.model import Facts, Message, Outcome
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import RuleBook
from fmn_core.store import Archived, LedgerEntry
from fmn_core.testing import RecordingBackend
from fmn_web import create_app

RULES = [
    topic_rule("toy_ended", "toys.ended", "Toy ended"),
    topic_rule("boat_sank", "boats.sank", "Boat sank"),
    topic_rule("boat_built", "boats.built", "Boat built"),
]
PICTURES = os.environ.get("FMN_TEST_PICTURES")


@pytest.fixture
def site(tmp_path, store):
    registry = PluginRegistry(rules=RuleBook(RULES, "toys"), backends={"mail": RecordingBackend("mail")})
    app = create_app(Settings(data_dir=tmp_path, web={"demo_login": True}), registry, store)
    with served(app) as place:
        yield place


@pytest.fixture
def phone(browser):
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda line: line.type == "error" and page.errors.append(line.text))
    return page


def archive(store):
    now = datetime.now(UTC)
    for number, topic in enumerate(["boats.sank", "boats.built", "toys.ended", "boats.sank"]):
        sent_at = now - timedelta(hours=48 - number)
        one = Message(f"m{number}", f"a.b.c.{topic}", {}, sent_at=sent_at, facts=Facts(topic, topic))
        store.archive.put([Archived.of(one, now)])


def seen(page, name):
    page.wait_for_load_state()  # its styles may come after its text
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360, f"{name} has to be scrolled sideways: {width}"
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/phone-{name}.png", full_page=True)


def test_a_newcomer_makes_a_filter_and_sees_what_it_would_send(phone, site, store):
    archive(store)
    phone.goto(site)
    seen(phone, "home")
    phone.get_by_role("link", name="Log in and choose").click()
    phone.get_by_label("Name").fill("ann")
    phone.get_by_role("button", name="Log in").click()
    seen(phone, "mine")
    phone.get_by_role("link", name="New filter").click()
    phone.get_by_label("Search rules").fill("sank")
    expect(phone.locator(".rule:visible")).to_have_count(1)
    phone.get_by_role("button", name="Add Boat sank").click()
    expect(phone.locator("#forecast")).to_contain_text("2 of the 4 messages")
    phone.get_by_label("Must not hold").check()
    expect(phone.locator("#forecast")).to_contain_text("nearly everything on the bus")
    phone.get_by_label("Must not hold").uncheck()
    expect(phone.locator("#forecast")).not_to_contain_text("nearly everything on the bus")
    seen(phone, "edit")
    phone.get_by_label("Name").fill("Sunk boats")
    phone.get_by_role("button", name="Save").click()
    phone.get_by_label("address").fill("ann@example.org")
    phone.get_by_role("button", name="Add", exact=True).click()
    phone.get_by_role("button", name="Switch on").first.click()
    seen(phone, "mine-on")
    (preference,) = store.preferences.user("ann").preferences
    assert (preference.enabled, [one.name for one in preference.filters]) == (True, ["Sunk boats"])
    assert phone.errors == []


def test_history_leads_to_why_and_a_thread_is_muted(phone, site, store):
    archive(store)
    phone.goto(f"{site}login")
    phone.get_by_label("Name").fill("ann")
    phone.get_by_role("button", name="Log in").click()
    store.ledger.record([LedgerEntry("n1", "m0", "ann", "mail", "ann@example.org", "Sunk", Outcome.SENT, "", 1,
                                     datetime.now(UTC), thread="boat/1", summary="a boat sank")])  # fmt: skip
    phone.get_by_role("link", name="History").click()
    seen(phone, "history")
    phone.get_by_role("link", name="Why: a boat sank").click()
    seen(phone, "why")
    phone.get_by_role("button", name="Mute this thread for a day").click()
    expect(phone.locator("main")).to_contain_text("boat/1")
    phone.get_by_role("button", name="Hear of it again").click()
    assert store.mutes.of_user("ann", datetime.now(UTC)) == {}
    phone.goto(f"{site}expected?words=built")
    phone.get_by_role("link", name="boats.built").click()
    expect(phone.locator("main")).to_contain_text("As your preferences are now")
    seen(phone, "explained")
    assert phone.errors == []
