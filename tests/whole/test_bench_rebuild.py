"""A mass rebuild, on a tenth of the scale: nothing lost, memory bounded, a change of preferences comes into force."""

from __future__ import annotations

import json

from click.testing import CliRunner

from fmn_core.cli import group

#: of builds, and a second
MESSAGES, RATE = 3000, 333

FIELDS = [
    "messages", "users", "workers", "seconds", "messages_per_second", "notifications", "lost", "max_depth",
    "max_notifications_depth", "max_rss_mb", "grown_mb", "in_force_messages", "in_force_seconds",
]  # fmt: skip


def test_a_rebuild_is_worked_off_and_a_change_in_its_midst_comes_into_force(broker: str) -> None:
    options = ["--messages", str(MESSAGES), "--rate", str(RATE), "--users", "300", "--broker", broker, "--json"]
    done = CliRunner().invoke(group, ["bench", "rebuild", *options])
    row = json.loads(done.stdout)
    assert done.exit_code == (row["in_force_seconds"] > 1), "a slow machine may be too slow, and is told so"
    assert list(row) == FIELDS
    assert row["lost"] == 0
    assert row["notifications"] > MESSAGES / 4
    assert 0 <= row["in_force_messages"] < MESSAGES
    assert len(row["max_rss_mb"]) == row["workers"] == 2
    assert max(row["grown_mb"]) < 50


def test_a_broker_that_is_not_there_is_one_sentence() -> None:
    done = CliRunner().invoke(group, ["bench", "rebuild", "--broker", "amqp://guest:secret@127.0.0.1:1/"])
    assert done.exit_code == 1
    assert "broker 127.0.0.1:1: it cannot be reached" in done.stderr
    assert "secret" not in done.stderr
