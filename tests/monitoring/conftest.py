"""A place to listen, and an application to watch."""

import contextlib

import pytest
from monitoring_place import Shaky, oven_mended, oven_raises

from fmn_core.app import Application
from fmn_core.config import DeliverySettings, Settings
from fmn_core.model import Destination, Filter, Preference, RuleUse, User
from fmn_core.monitoring import open_door
from fmn_core.plugins import PluginRegistry


@pytest.fixture
def door():
    door = open_door("127.0.0.1:0")
    yield door
    door.server_close()


@pytest.fixture
def app(tmp_path):
    """An application of two rules and a backend, and a user who uses them, and one rule that is not there."""
    registry = PluginRegistry()
    registry.rules.add(oven_mended)
    registry.rules.add(oven_raises)
    registry.backends["recording"] = Shaky()
    settings = Settings(data_dir=tmp_path, delivery=DeliverySettings(first_delay=0.01, attempts=2))
    with contextlib.closing(Application(settings, registry=registry)) as app:
        filters = tuple(Filter("", name, (RuleUse(name),)) for name in ("oven_raises", "oven_lost", "oven_mended"))
        home = (Destination("home", confirmed=True),)
        app.store.preferences.save(User("bo", (Preference("", "bo", "recording", True, home, filters),)))
        yield app
