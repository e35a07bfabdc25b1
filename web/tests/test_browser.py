"""The pages in a real browser: rules are searched; links in notifications are answered without a script, on a phone."""

from __future__ import annotations

import itertools
import os

import pytest
from web_place import served

from fmn_core import topic_rule
from fmn_core.asking import Asking
from fmn_core.config import ConfirmationSettings, Settings
from fmn_core.model import Filter, Preference, RuleUse, User
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import RuleBook
from fmn_core.signing import LINKS, Signer, unsubscribe_url
from fmn_core.store import Why
from fmn_core.testing import RecordingBackend
from fmn_web import create_app

MAIL = RecordingBackend("mail")
MAIL.title = "Electric mail"
#: pictures of the pages are put here, for people to look at
PICTURES = os.environ.get("FMN_TEST_PICTURES")


@pytest.fixture
def site(tmp_path, store):
    rules = [topic_rule("toy_ended", "toys.ended", "Toy ended"), topic_rule("boat_sank", "boats.sank", "Boat sank")]
    registry = PluginRegistry(rules=RuleBook(rules, "toys"), backends={"mail": MAIL})
    with served(create_app(Settings(data_dir=tmp_path), registry, store)) as place:
        yield place


@pytest.fixture
def page(browser, site):
    return watched(browser.new_page())


def watched(page):
    """Remember what a page complains of."""
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda line: line.type == "error" and page.errors.append(line.text))
    return page


def test_searching_leaves_the_rules_that_fit(page, site):
    page.goto(site + "plugins")
    page.get_by_label("Search rules").fill("BOAT")
    assert page.locator(".rule:visible summary code").all_inner_texts() == ["boat_sank"]
    page.get_by_label("Search rules").fill("submarine")
    assert page.locator("#nothing").is_visible()
    assert page.errors == []


def test_a_link_to_a_rule_opens_it(page, site):
    page.goto(site + "plugins#boat_sank")
    assert page.locator("#boat_sank").get_attribute("open") is not None
    assert page.locator("#toy_ended").get_attribute("open") is None


# links in notifications

LOOKS = [
    pytest.param(options, id="-".join(map(str, options.values())))
    for options in ({"width": w, "color_scheme": c} for w, c in itertools.product((360, 1000), ("light", "dark")))
]


@pytest.fixture(params=LOOKS)
def plain(request, browser, site):
    """A page without scripts, in each width and colour scheme."""
    width, scheme = request.param["width"], request.param["color_scheme"]
    context = browser.new_context(
        java_script_enabled=False, color_scheme=scheme, viewport={"width": width, "height": 640}
    )
    page = watched(context.new_page())
    page.look = f"{width}-{scheme}"
    return page


def looked_at(page, name: str) -> None:
    """Check how a page looks, and keep a picture of it where somebody wants to see it too."""
    page.wait_for_load_state()  # its styles may come after its text
    assert page.locator("h1").count() == 1
    box = page.locator("main").bounding_box()
    assert box["x"] >= 0
    assert box["width"] <= page.viewport_size["width"], "nothing has to be scrolled sideways"
    for button in page.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44, "a finger hits it"
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}-{page.look}.png")


def request_for(store, address: str) -> str:
    settings = ConfirmationSettings()
    Asking(store, {"mail": MAIL}, "", settings).ask("alice", "mail", address)
    (waiting,) = store.waiting.take("mail", address, [Why.NOTICE], 10)
    store.confirmations.was_sent(waiting.notification.id, waiting.since)
    return waiting.notification.facts.url.removeprefix("/")


def test_an_address_is_confirmed_or_rejected_on_a_page(plain, site, store):
    store.preferences.save(User("alice", (Preference("", "alice", "mail"),)))
    address = f"alice{'-with-a-long-name' * 4}@example.org"
    plain.goto(site + request_for(store, address))
    looked_at(plain, "confirm-ask")
    plain.get_by_role("button", name="Yes").click()
    assert plain.locator("h1").inner_text() == "Confirmed"
    looked_at(plain, "confirm-accepted")
    assert store.switches.owner("mail", address) == "alice"
    plain.goto(site + request_for(store, "other@example.org"))
    plain.get_by_role("button", name="No").click()
    assert plain.locator("h1").inner_text() == "Rejected"
    looked_at(plain, "confirm-rejected")
    assert [d.address for d in store.preferences.user("alice").preferences[0].destinations] == [address]
    assert plain.errors == []
    plain.goto(site + "confirm/nothing")
    looked_at(plain, "confirm-unknown")


def test_a_filter_is_switched_off_and_on_again_on_a_page(plain, site, store):
    filters = (Filter("", "Events on packages that I own", (RuleUse("toy_ended"),)),)
    user = store.preferences.save(User("alice", (Preference("", "alice", "mail", True, filters=filters),)))
    (preference,) = user.preferences
    signer = Signer(store.secrets.get(LINKS))
    link = unsubscribe_url(site, signer, "alice", preference.id, [preference.filters[0].id])
    plain.goto(link)
    looked_at(plain, "unsubscribe-ask")
    plain.get_by_role("button", name="Switch off").click()
    assert plain.locator("h1").inner_text() == "Switched off"
    looked_at(plain, "unsubscribe-off")
    assert not store.preferences.get(preference.id).filters[0].active
    plain.get_by_role("button", name="Undo").click()
    assert plain.locator("h1").inner_text() == "On again"
    looked_at(plain, "unsubscribe-undone")
    assert store.preferences.get(preference.id).filters[0].active
    assert plain.errors == []
