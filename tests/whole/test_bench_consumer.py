"""``fmn bench consumer`` measures what it says, on messages as Koji's."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from fmn_core.bench.koji import INVALID_EVERY, koji_messages
from fmn_core.cli import group
from fmn_core.validation import Validator
from fmn_core.wire import decode_delivered


def test_made_up_messages_are_valid_but_for_a_few_and_the_same_for_the_same_chance() -> None:
    messages = list(koji_messages(2 * INVALID_EVERY, random.Random(3)))
    check = Validator().reason
    invalid = [one for one in messages if check(decode_delivered(one))]
    assert len(invalid) == 2
    assert messages == list(koji_messages(2 * INVALID_EVERY, random.Random(3)))
    tasks = [decode_delivered(one).body["task"] for one in messages]
    assert sum(1 for task in tasks if len(task["children"]) == 5) > INVALID_EVERY


def test_ours_takes_at_least_twenty_times_as_many_as_the_stock_consumer(broker: str, tmp_path: Path) -> None:
    options = ["--broker", broker, "--transport", f"embedded:///{tmp_path / 'queue.sqlite'}"]
    done = CliRunner().invoke(group, ["bench", "consumer", "--messages", "5000", "--json", *options])
    assert done.exit_code == 0, done.output
    stock, ours, archiving, last = map(json.loads, done.stdout.splitlines())
    assert set(stock) == {"consumer", "messages", "invalid", "lasted_seconds", "messages_per_second"}
    assert (stock["consumer"], stock["messages"], stock["invalid"]) == ("stock", 500, 1)
    assert (ours["consumer"], ours["invalid"]) == ("ours", 5)
    assert 4500 <= ours["messages"] < 5000
    assert (archiving["consumer"], archiving["invalid"]) == ("ours, archiving", 5)
    assert last["ratio"] >= 20
    assert last["ratio_archiving"] > 0


def test_recorded_messages_can_be_taken_instead(broker: str, tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_text(json.dumps({"topic": "org.example.prod.bell.rang", "body": {"k": 1}, "id": "1"}))
    options = ["--broker", broker, "--transport", f"embedded:///{tmp_path / 'queue.sqlite'}", "--topics", str(path)]
    done = CliRunner().invoke(group, ["bench", "consumer", "--messages", "1000", "--json", *options])
    assert done.exit_code == 0, done.output
    assert [json.loads(line).get("invalid") for line in done.stdout.splitlines()] == [0, 0, 0, None]


def test_a_broker_that_is_not_there_is_one_sentence() -> None:
    done = CliRunner().invoke(group, ["bench", "consumer", "--broker", "amqp://guest:secret@127.0.0.1:1/"])
    assert done.exit_code == 1
    assert "broker 127.0.0.1:1: it cannot be reached" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize("count", ["0", "many"])
def test_a_wrong_number_is_a_usage_error(count: str) -> None:
    assert CliRunner().invoke(group, ["bench", "consumer", "--messages", count]).exit_code == 2
