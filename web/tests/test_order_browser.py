"""Filters are put in order in a real browser: dragged by mouse or finger, moved by keys, and not when that fails."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from web_place import served

from fmn_core import topic_rule
from fmn_core.config import Settings
from fmn_core.model import Filter, Preference, RuleUse, User
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import RuleBook
from fmn_core.testing import RecordingBackend
from fmn_web import create_app


@pytest.fixture
def site(tmp_path, store):
    rules = RuleBook([topic_rule("boat_sank", "boats.sank", "Boat sank")], "toys")
    backends = {name: RecordingBackend(name) for name in ("mail", "pigeon")}
    filters = tuple(Filter("", name, (RuleUse("boat_sank"),)) for name in ("One", "Two", "Three"))
    preferences = (Preference("", "ann", "mail", filters=filters), Preference("", "ann", "pigeon", filters=filters[:1]))
    store.preferences.save(User("ann", preferences))
    settings = Settings(data_dir=tmp_path, web={"demo_login": True})
    with served(create_app(settings, PluginRegistry(rules=rules, backends=backends), store)) as place:
        yield place


@pytest.fixture
def page(browser, site):
    context = browser.new_context(viewport={"width": 360, "height": 1200}, has_touch=True, reduced_motion="reduce")
    return logged_in(context.new_page(), site)


def logged_in(page, site):
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(f"{site}login")
    page.get_by_label("Name").fill("ann")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/notifications")
    return page


def saved(store):
    return [one.name for one in store.preferences.user("ann").preferences[0].filters]


def handle(page, name):
    return page.locator("#mail li", has=page.get_by_role("link", name=name, exact=True)).locator(".handle")


def middle(locator):
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def shown(page):
    return page.locator("#mail [data-filter]").evaluate_all("items => items.map((one) => one.dataset.name)")


def test_a_filter_is_dragged_by_the_mouse(page, store):
    expect(page.locator("#pigeon .handle")).to_be_hidden()
    target = middle(handle(page, "One"))
    page.mouse.move(*middle(handle(page, "Three")))
    page.mouse.down()
    page.mouse.move(target[0], target[1] - 20, steps=5)
    page.mouse.up()
    expect(page.get_by_role("status").filter(has_text="“Three” is number 1 of 3 now.")).to_be_visible()
    assert shown(page) == saved(store) == ["Three", "One", "Two"]
    expect(page.get_by_role("button", name="Move up Three")).to_be_hidden()
    expect(page.get_by_role("button", name="Move up One")).to_be_visible()
    assert page.errors == []


def test_escape_gives_the_dragging_up(page, store):
    target = middle(handle(page, "One"))
    page.mouse.move(*middle(handle(page, "Three")))
    page.mouse.down()
    page.mouse.move(target[0], target[1] - 20, steps=5)
    assert shown(page) == ["Three", "One", "Two"]
    page.keyboard.press("Escape")
    page.mouse.up()
    assert shown(page) == saved(store) == ["One", "Two", "Three"]


def test_a_filter_is_dragged_by_a_finger(page, store):
    def touch(kind, *points):
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    fingers = page.context.new_cdp_session(page)
    start, target = middle(handle(page, "One")), middle(handle(page, "Three"))
    touch("touchStart", start)
    for part in (0.3, 0.6, 1):
        touch("touchMove", (start[0], start[1] + (target[1] + 60 - start[1]) * part))
    touch("touchEnd")
    expect(page.locator("#order-mail")).to_have_text("“One” is number 3 of 3 now.")
    assert shown(page) == saved(store) == ["Two", "Three", "One"]


def test_a_filter_is_moved_by_keys_which_stay_where_they_are(page, store):
    page.get_by_role("button", name="Move down One").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#order-mail")).to_have_text("“One” is number 3 of 3 now.")
    assert saved(store) == ["Two", "Three", "One"]
    expect(page.get_by_role("button", name="Move up One")).to_be_focused()


def test_without_a_connection_it_is_as_it_was_and_that_is_said(page, store):
    page.context.set_offline(True)
    page.get_by_role("button", name="Move down One").click()
    expect(page.locator("#order-mail")).to_contain_text("could not be saved")
    assert shown(page) == saved(store) == ["One", "Two", "Three"]


def test_without_a_script_buttons_do_it(browser, site, store):
    page = logged_in(browser.new_context(java_script_enabled=False).new_page(), site)
    expect(page.locator(".handle").first).to_be_hidden()
    page.get_by_role("button", name="Move up Two").click()
    expect(page.get_by_role("button", name="Move up Two")).to_be_hidden()
    assert saved(store) == ["Two", "One", "Three"]
