"""What tests of the whole share: an IRC network, a mail server and a browser, each once for a file."""

from __future__ import annotations

import os
from collections.abc import Iterator

import gallery
import pytest
from irc_network import IrcServer, lacking
from mail_place import MailServer
from playwright.sync_api import Browser, sync_playwright


def _need(reason: str) -> None:
    """Skip a test that lacks something, or fail it where nothing may be lacking."""
    if reason:
        pytest.fail(reason) if os.environ.get("FMN_TEST_REQUIRE_SERVICES") == "1" else pytest.skip(reason)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IrcServer]:
    """A server of an IRC network."""
    _need(lacking())
    with IrcServer(tmp_path_factory.mktemp("ngircd")) as server:
        yield server


@pytest.fixture(scope="module")
def mail_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    """A mail server."""
    with MailServer(tmp_path_factory.mktemp("mail")) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser."""
    _need("" if gallery.CHROMIUM else "chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=gallery.CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
