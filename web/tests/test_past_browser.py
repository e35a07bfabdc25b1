"""The pages of what was, in a real browser without scripts: nothing is cut, whatever the width and the scheme."""

from __future__ import annotations

import itertools
import os
from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest
from playwright.sync_api import expect
from toy_messages import SUMMARIES, keep
from web_place import served

from fmn_core import completes, topic_rule
from fmn_core.config import Settings
from fmn_core.model import Filter, Outcome, RuleUse
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import Arguments, Rule, RuleBook, Text
from fmn_core.store import LedgerEntry
from fmn_core.testing import RecordingBackend
from fmn_web import create_app

PICTURES = os.environ.get("FMN_TEST_PICTURES")
LOOKS = [
    pytest.param(w, c, id=f"{w}-{c}") for w, c in itertools.product((360, 1000), ("light", "dark"))
]  # fmt: skip
NOW = datetime.now(UTC)
LONG = "a-package-with-a-very-long-name-" * 3


class Package(Arguments):
    """A package."""

    package: Annotated[Text, completes("package")]


RULES = [
    topic_rule("toy_ended", "toys.ended", "Toy ended"),
    Rule("about", "About a package", "", lambda message, given, lookups: given.package in message.facts.packages,
         Package),
]  # fmt: skip


@pytest.fixture
def site(tmp_path, store):
    mail = RecordingBackend("mail")
    mail.title = "Electric mail"
    registry = PluginRegistry(rules=RuleBook(RULES, "toys"), backends={"mail": mail}, summaries=SUMMARIES)
    app = create_app(Settings(data_dir=tmp_path, web={"demo_login": True}), registry, store)
    with served(app) as place:
        yield place


def fill(store):
    """Let something have become of several notifications."""
    toys = store.editing.add_filter("jane", "mail", Filter("", "Toys that end", (RuleUse("toy_ended"),)))
    ends = [
        (Outcome.SENT, "", None),
        (Outcome.DEFERRED, "quiet hours", NOW + timedelta(hours=6)),
        (Outcome.FAILED, f"550 no such mailbox: {LONG}", None),
        (Outcome.SUPPRESSED, "its thread is muted", None),
    ]
    for number, (outcome, reason, until) in enumerate(ends):
        package = LONG if number == 2 else f"toy{number}"
        at = NOW - timedelta(minutes=number)
        summary = f"ralph's build of {package} ended"
        keep(store, f"m{number}", "toys.ended", at, summary=summary, packages=[package], thread=f"toy/{package}")
        store.ledger.record([LedgerEntry(f"n{number}", f"m{number}", "jane", "mail", "jane@example.org", toys.name,
                             outcome, reason, 1, at, until, toys.id, f"toy/{package}", summary)])  # fmt: skip
    store.mutes.put("jane", f"toy/{LONG}", NOW + timedelta(days=1))


def looked_at(page, name, width, scheme):
    page.wait_for_load_state()  # its styles may come after its text
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} has to be scrolled sideways"
    for button in page.locator("main").get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44, "a finger hits it"
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/past-{name}-{width}-{scheme}.png", full_page=True)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_what_was_is_looked_through_and_less_is_asked_for(browser, site, store, width, scheme):
    # widths are measured by a script of the test's, so pages of this context may not run their own, but it may
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 740})
    context.route("**/static/*.js", lambda route: route.abort())
    page = context.new_page()
    page.goto(f"{site}login")
    page.get_by_label("Name").fill("jane")
    page.get_by_role("button", name="Log in").click()
    fill(store)
    page.get_by_role("link", name="History").click()
    looked_at(page, "history", width, scheme)
    page.get_by_label("What became of it").select_option("Failed")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("ol.messages > li")).to_have_count(1)
    page.get_by_role("link", name="Why: ").click()
    looked_at(page, "why", width, scheme)
    page.get_by_role("link", name="Stop things like this").click()
    looked_at(page, "less", width, scheme)
    page.get_by_role("button", name=f"Leave out: About a package: {LONG}").click()
    expect(page.get_by_role("status")).to_contain_text("lets nothing like this through any more")
    (_, saved) = store.editing.find_filter("jane", store.ledger.find("jane", "n2").filter_id)
    assert saved.rules[1] == RuleUse("about", {"package": LONG}, negated=True)
    page.get_by_role("button", name="Switch this filter off").click()
    expect(page.locator("main")).to_contain_text("This filter is switched off.")
    looked_at(page, "off", width, scheme)
    page.goto(f"{site}expected")
    page.get_by_label("Words of it").fill("toys.ended")
    page.get_by_role("button", name="Find").click()
    looked_at(page, "expected", width, scheme)
    page.get_by_role("link", name=f"build of {LONG}").click()
    looked_at(page, "explained", width, scheme)
    page.goto(f"{site}expected?id={LONG}")
    looked_at(page, "unseen", width, scheme)
