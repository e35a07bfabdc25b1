"""The two central pages in a real browser, on a phone and on a desk, in light and dark: nothing sticks out, and names
are proposed while somebody types."""

from __future__ import annotations

import itertools
import os
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import pytest
from playwright.sync_api import expect
from web_place import served

from fmn_core import completes, topic_rule
from fmn_core.config import Settings
from fmn_core.lookups import LookupData
from fmn_core.model import Destination, DigestPlan, Facts, Filter, Message, Preference, Role, RuleUse, User
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import COMMA_LIST, Arguments, Rule, RuleBook, Words, always
from fmn_core.snapshot import Snapshot
from fmn_core.store import Archived
from fmn_core.testing import RecordingBackend
from fmn_web import create_app

PICTURES = os.environ.get("FMN_TEST_PICTURES")


class Packages(Arguments):
    """Some packages."""

    packages: Annotated[Words, completes("package")]
    levels: Annotated[tuple[Literal["low", "middling", "high"], ...], COMMA_LIST] = ()
    loud: bool = True


RULES = [
    topic_rule("boat_built", "boats.built", "Boat built"),
    topic_rule("boat_sank", "boats.sank", "Boat sank"),
    Rule("about", "About packages", "Messages on *certain* packages.", always, Packages),
]
LOOKUPS = Snapshot([LookupData({name: {"ann": Role.OWNER} for name in ("zlib", "zlib-ng", "kernel")})])
LONG = f"ann{'-with-a-long-name' * 4}@example.org"
MANY = (
    RuleUse("about", {"packages": "zlib", "levels": "high"}),
    RuleUse("boat_sank", {}, True),
    RuleUse("gone", {"boat": "x" * 300}),
)
FILTERS = (
    Filter("", "A name that is as long as a name of a filter may be", (RuleUse("boat_built"),)),
    Filter("", "All together", MANY, active=False, oneshot=True),
)


@pytest.fixture
def site(tmp_path, store):
    backends = {name: RecordingBackend(name) for name in ("mail", "pigeon")}
    registry = PluginRegistry(rules=RuleBook(RULES, "toys"), backends=backends)
    app = create_app(Settings(data_dir=tmp_path, web={"demo_login": True}), registry, store, LOOKUPS)
    with served(app) as place:
        yield place


@pytest.fixture
def filled(store):
    """Somebody who has something of everything, and messages of the last days."""
    places = (Destination(LONG, True), Destination("ann@example.org"), Destination("old@example.org", True, "refused"))
    digest = DigestPlan(True, 3600.0, quiet="22:00-07:00")
    preference = Preference("", "ann", "mail", True, places, FILTERS, digest=digest)
    store.preferences.save(User("ann", (preference,)))
    now = datetime.now(UTC)
    for number in range(20):
        topic = "boats.built" if number % 3 else "boats.sank"
        sent_at = now - timedelta(hours=48 - number)
        one = Message(f"m{number}", f"a.b.c.{topic}", {}, sent_at=sent_at, facts=Facts(topic, topic))
        store.archive.put([Archived.of(one, now)])


def watched(page):
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda line: line.type == "error" and page.errors.append(line.text))
    return page


def log_in(page, site):
    page.goto(f"{site}login")
    page.get_by_label("Name").fill("ann")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/notifications")
    return page


def looked_at(page, name, look):
    """Check how a page looks, and keep a picture of it where somebody wants to see it too."""
    page.wait_for_load_state()  # its styles may come after its text
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} has to be scrolled sideways"
    for button in page.locator("main").locator("button:not([tabindex='-1'])").all():
        assert not button.is_visible() or button.bounding_box()["height"] >= 44, (
            f"a finger misses {button.inner_text()!r} of {name}"
        )
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}-{look}.png", full_page=True)


@pytest.mark.parametrize(("width", "scheme"), list(itertools.product((360, 1000), ("light", "dark"))))
def test_the_central_pages_fit_where_they_are_looked_at(browser, site, filled, width, scheme):
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 740})
    page, look = log_in(watched(context.new_page()), site), f"{width}-{scheme}"
    looked_at(page, "mine", look)
    page.get_by_text("When:").first.click()
    page.locator("summary", has_text="More").first.click()
    looked_at(page, "mine-open", look)
    page.get_by_role("link", name="All together").click()
    page.get_by_text("Add a rule").click()
    expect(page.locator("#forecast")).to_contain_text("of the")
    looked_at(page, "edit", look)
    page.get_by_label("Packages", exact=True).fill("")
    page.get_by_label("Name", exact=True).fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[aria-invalid]")).to_have_count(2)
    looked_at(page, "edit-wrong", look)
    assert page.errors == []


def test_names_are_proposed_while_somebody_types(browser, site, filled):
    page = log_in(watched(browser.new_page(viewport={"width": 360, "height": 740})), site)
    page.get_by_role("link", name="All together").click()
    field, proposed = page.get_by_label("Packages", exact=True), page.locator("#names-package option")
    field.press("End")
    field.press_sequentially(", zlib-")
    expect(page.locator("#names-package option[value='zlib, zlib-ng']")).to_have_count(1)
    expect(proposed).to_have_count(1)
    field.fill("ker")
    expect(page.locator("#names-package option[value='kernel']")).to_have_count(1)
    expect(proposed).to_have_count(1)
    field.fill("nothing like it")
    expect(proposed).to_have_count(0)
    assert page.errors == []


def test_what_is_typed_before_the_scripts_come_counts(browser, site, filled):
    page = log_in(watched(browser.new_page()), site)
    held = []
    page.route("**/static/*.js", lambda request: held.append(request))
    with page.expect_request("**/static/complete.js"):
        page.goto(f"{site}notifications/mail/filters/new", wait_until="commit")
    page.get_by_label("Search rules").fill("sank")
    for request in held:
        request.continue_()
    expect(page.locator(".rule:visible")).to_have_count(1)
    assert page.errors == []


def test_a_filter_is_put_together_without_a_script(browser, site, filled, store):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = log_in(context.new_page(), site)
    page.get_by_role("link", name="New filter").first.click()
    page.get_by_role("button", name="Add Boat sank").click()
    page.get_by_label("Name", exact=True).fill("Sunk")
    page.locator("aside").get_by_role("button", name="Show forecast").click()
    expect(page.locator("#forecast")).to_contain_text("7 of the 20 messages")
    assert page.get_by_label("Name", exact=True).input_value() == "Sunk"
    page.get_by_role("button", name="Save").click()
    assert [one.name for one in store.preferences.user("ann").preferences[0].filters][-1] == "Sunk"
