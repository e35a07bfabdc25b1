"""The pages for admins in a browser, on a phone: nothing is cut off, and nothing breaks the rules that we give it."""

from __future__ import annotations

import os

from admin_place import client_of, fill, made
from web_place import served

PICTURES = os.environ.get("FMN_TEST_PICTURES")


def test_all_pages_fit_a_phone_and_nothing_is_refused(browser, tmp_path, store):
    app = made(tmp_path, store)
    client_of(app, "jane")
    fill(store)
    page, errors = browser.new_page(viewport={"width": 360, "height": 740}), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: line.type == "error" and errors.append(line.text))
    with served(app) as site:
        page.goto(f"{site}login")
        page.get_by_label("Name").fill("root")
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("link", name="Admin").click()
        for title in ("Overview", "Users", "Plugins", "Rules", "Dead letters", "Volume", "Log"):
            page.get_by_role("navigation", name="Admin").get_by_role("link", name=title).click()
            seen(page, title)
        page.goto(f"{site}admin/user?name=jane")
        seen(page, "User")
        page.get_by_label("Reason for acting as jane").fill("she asked for help")
        page.get_by_role("button", name="Act as this user").click()
        page.get_by_text("You act as jane. What you change").wait_for()
        seen(page, "Acting")
        page.get_by_role("button", name="Stop").click()
        page.get_by_text("Act as jane: she asked for help").wait_for()
    assert errors == []


def seen(page, name):
    page.wait_for_load_state()  # its styles may come after its text
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360, f"{name} has to be scrolled sideways: {width}"
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/admin-{name}.png", full_page=True)
