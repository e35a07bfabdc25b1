"""Everybody can use the pages: axe-core finds nothing serious on any of them, at both widths, light and dark."""

from __future__ import annotations

from contextlib import closing

import gallery
import pytest
from axe_playwright_python.sync_playwright import Axe

from fmn_core.config import Settings
from fmn_core.plugins import PluginRegistry
from fmn_core.store import open_store
from fmn_web import create_app
from fmn_web.policy import POLICY, Access

SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def place():
    with gallery.instance() as (url, known):
        yield url, known


def test_every_page_is_in_the_gallery(tmp_path):
    with closing(open_store(f"sqlite:///{tmp_path / 'fmn.sqlite'}")) as store:
        app = create_app(Settings(data_dir=tmp_path), PluginRegistry(), store)
    gets = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    pages = {name for name in gets if POLICY[name] not in (Access.READ, Access.WRITE)}
    assert pages == {picture.endpoint for picture in gallery.PICTURES} | set(gallery.NO_PAGES)


@pytest.mark.parametrize("scheme", gallery.SCHEMES)
@pytest.mark.parametrize("width", gallery.WIDTHS)
def test_axe_finds_nothing_serious(chromium, place, width, scheme):
    url, known = place
    people = gallery.USER, gallery.ADMIN, ""
    pages = {who: gallery.open_page(chromium, url, width, scheme, who) for who in people}
    found = {}
    for picture in gallery.PICTURES:
        page = pages[picture.who]
        gallery.look(page, url, known, picture)
        violations = [one for one in Axe().run(page).response["violations"] if one["impact"] in SERIOUS]
        if violations:
            found[picture.name] = [(one["id"], one["nodes"][0]["html"][:200]) for one in violations]
        if width == min(gallery.WIDTHS):
            assert page.evaluate("document.documentElement.scrollWidth") <= width, picture.name
    assert found == {}
