"""The page in a real browser: searching narrows the rules, a link to a rule opens it."""

from __future__ import annotations

import os
import shutil
import threading

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from fmn_core import topic_rule
from fmn_core.config import Settings
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import RuleBook
from fmn_web import create_app

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: keep a browser without a network from looking for one
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]  # fmt: skip


@pytest.fixture
def site(tmp_path):
    rules = [topic_rule("toy_ended", "toys.ended", "Toy ended"), topic_rule("boat_sank", "boats.sank", "Boat sank")]
    registry = PluginRegistry(rules=RuleBook(rules, "toys"))
    server = make_server("127.0.0.1", 0, create_app(Settings(data_dir=tmp_path), registry), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(site):
    if CHROMIUM is None:
        reason = "chromium is not installed"
        pytest.fail(reason) if os.environ.get("FMN_TEST_REQUIRE_SERVICES") else pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda line: line.type == "error" and page.errors.append(line.text))
        yield page
        browser.close()


def test_searching_leaves_the_rules_that_fit(page, site):
    page.goto(site)
    page.get_by_label("Search rules").fill("BOAT")
    assert page.locator(".rule:visible summary code").all_inner_texts() == ["boat_sank"]
    page.get_by_label("Search rules").fill("submarine")
    assert page.locator("#nothing").is_visible()
    assert page.errors == []


def test_a_link_to_a_rule_opens_it(page, site):
    page.goto(site + "#boat_sank")
    assert page.locator("#boat_sank").get_attribute("open") is not None
    assert page.locator("#toy_ended").get_attribute("open") is None
