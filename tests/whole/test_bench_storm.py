"""``fmn bench storm`` on a small scale: with the people of the demo and every backend, it says what it found."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from fmn_core.cli import group

FIELDS = [
    "seed", "messages", "expected", "in_ledger", "delivered", "lost", "repeated", "copies", "foreign", "left", "dead",
    "unwilling", "killed", "restarts", "seconds",
]  # fmt: skip


def test_killed_workers_lose_nothing_and_everything_arrives_once(broker: str) -> None:
    options = ["--messages", "1500", "--workers", "2", "--broker", broker, "--json"]
    done = CliRunner().invoke(group, ["bench", "storm", *options])
    assert done.exit_code == 0, done.output
    row = json.loads(done.stdout)
    assert list(row) == FIELDS
    assert row["messages"] == 1500
    assert row["expected"] == row["in_ledger"] == row["delivered"] > 100
    assert [row[name] for name in ("lost", "repeated", "foreign", "left", "dead", "unwilling", "restarts")] == [0] * 7
    assert row["killed"] >= 2


def test_whoever_wants_restarts_says_how() -> None:
    done = CliRunner().invoke(group, ["bench", "storm", "--restarts", "2"])
    assert done.exit_code == 2
    assert "say with --restart-command how the broker is restarted" in done.stderr


def test_a_broker_that_is_not_there_is_one_sentence() -> None:
    done = CliRunner().invoke(group, ["bench", "storm", "--messages", "10", "--broker", "amqp://a:secret@127.0.0.1:1/"])
    assert done.exit_code == 1
    assert "broker 127.0.0.1:1: it cannot be reached" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize("command", ["storm", "rebuild"])
def test_help_ends_in_an_example(command: str) -> None:
    assert "Example:" in CliRunner().invoke(group, ["bench", command, "--help"]).stdout
