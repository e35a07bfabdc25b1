"""What the tests of the pages share: a store, and an application around it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import Browser, sync_playwright

from fmn_core.store import Store, open_store
from fmn_web import looking


@pytest.fixture(autouse=True)
def time_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a search all the time it needs: a busy machine does not change what a test sees."""
    monkeypatch.setattr(looking, "BUDGET", 60)


@pytest.fixture(scope="session")
def with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite with all tables: to copy it is much quicker than to make them."""
    path = tmp_path_factory.mktemp("with-tables") / "fmn.sqlite"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def store(tmp_path: Path, with_tables: Path) -> Iterator[Store]:
    """An empty store."""
    with closing(open_store(f"sqlite:///{shutil.copy(with_tables, tmp_path / 'fmn.sqlite')}")) as opened:
        yield opened


@pytest.fixture(scope="session", autouse=True)
def templates(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have each template compiled once, and not for each application again."""
    cache = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": cache}


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: keep a browser without a network from looking for one
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser, which takes long to start."""
    if CHROMIUM is None:
        reason = "chromium is not installed"
        pytest.fail(reason) if os.environ.get("FMN_TEST_REQUIRE_SERVICES") else pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """It, with nothing open; whatever a test opens, with its cookies, is gone at the end."""
    yield chromium
    for context in chromium.contexts:
        context.close()
