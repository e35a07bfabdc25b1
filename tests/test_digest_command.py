"""``fmn digest``: shows and changes when notifications are collected."""

import json

import pytest
from click.testing import CliRunner

from fmn_core.cli.context import Context
from fmn_core.cli.digest_ import command
from fmn_core.config import Settings
from fmn_core.errors import UsageError
from fmn_core.model import DigestPlan, Preference, User
from fmn_core.plugins import PluginRegistry
from fmn_core.testing import RecordingBackend


@pytest.fixture
def digest(tmp_path):
    """Run the command for a user, and return its result and the plan as stored."""
    context = Context()
    context.settings = Settings(data_dir=tmp_path)
    context.registry = PluginRegistry(backends={"recording": RecordingBackend()})
    preferences = context.app.store.preferences
    preferences.save(User("nela", (Preference("", "nela", "recording", True),)))

    def run(*arguments):
        result = CliRunner().invoke(command, ["nela", *arguments], obj=context)
        return result, preferences.user("nela").preferences[0].digest

    yield run
    context.app.close()


@pytest.mark.parametrize(
    ("arguments", "plan", "words"),
    [
        ([], DigestPlan(), "at once"),
        (["--every", "2h", "--count", "50"], DigestPlan(on=True, every=7200.0, count=50), "every 2 hours, or as soon"),
        (["--at", "8:00"], None, "digest, at 1: must match"),
        (
            ["--quiet", "22:00-07:00", "--per-hour", "9"],
            DigestPlan(quiet="22:00-07:00", per_hour=9),
            "9 an hour at most",
        ),
        (["--zone", "Europe/Nowhere"], None, "zone"),
        (["--every", "soon"], None, "no span of time"),
        (["--count", "0"], None, "count"),
    ],
)
def test_digest(digest, arguments, plan, words):
    result, stored = digest("recording", *arguments)
    if plan is None:
        assert isinstance(result.exception, UsageError)
        assert words in str(result.exception)
        assert stored == DigestPlan()
    else:
        assert (result.exit_code, stored) == (0, plan)
        assert words in result.output


def test_what_is_not_named_stays(digest):
    digest("recording", "--at", "08:00", "--zone", "Europe/Prague", "--per-hour", "5")
    result, plan = digest("recording", "--off", "--per-hour", "0", "--json")
    assert plan == DigestPlan(zone="Europe/Prague")
    assert json.loads(result.output) == {"user": "nela", "backend": "recording", "digest": "at once", "per_hour": None}


def test_a_backend_that_the_user_does_not_have(digest):
    result, _ = digest("recordin")
    assert "did you mean 'recording'" in str(result.exception)
