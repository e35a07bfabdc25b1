"""The lookups of whole applications: what a process begins with, and what the consumer may ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fmn_core import LookupUnavailableError, Settings, Stale
from fmn_core.app import Application
from fmn_core.plugins import PluginRegistry
from fmn_core.testing import message

if TYPE_CHECKING:
    from conftest import Source, World


@pytest.fixture
def source(world: World) -> Source:
    return world.quick(kernel="ava")


def application(folder: Path, source: Source) -> Application:
    return Application(Settings(data_dir=folder), registry=PluginRegistry(lookup_sources=[source]))


def test_a_process_begins_with_what_another_has_learnt(tmp_path: Path, source: Source) -> None:
    first = application(tmp_path, source)
    assert first.lookups.owners("kernel") == {"ava"}
    first.close()
    source.failure = LookupUnavailableError("down")
    second = application(tmp_path, source)
    assert second.lookups.owners("kernel") == {"ava"}
    assert second.lookups.ages()["file"] >= 0
    second.close()


def test_the_consumer_learns_what_a_message_makes_stale_without_loading_anything(
    tmp_path: Path, source: Source
) -> None:
    app = application(tmp_path, source)
    told = app.stale_book.stale(message("pagure.project.edit", {"package": "kernel"}))
    assert told == Stale(frozenset({"kernel"}))
    assert source.asked == []
    assert not (tmp_path / "lookups").exists()
