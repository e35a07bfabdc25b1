"""The commands around the stages: replay, worker, deliver, run, dead."""

import contextlib
import json
import signal

import pytest
from click.testing import CliRunner

from fmn_core.cli import group
from fmn_core.transport.base import MESSAGES
from fmn_core.transport.embedded import EmbeddedTransport

SOUND = b'{"topic": "org.fedoraproject.prod.bell.rang", "id": "1", "body": {}}'


@pytest.fixture
def transport(tmp_path):
    with contextlib.closing(EmbeddedTransport(tmp_path / "queue.sqlite")) as transport:
        yield transport


@pytest.fixture
def fmn(tmp_path, monkeypatch):
    """Call a command on the instance in the folder."""
    monkeypatch.delenv("FEDORA_MESSAGING_CONF", raising=False)
    configuration = tmp_path / "fmn.toml"
    configuration.write_text('data_dir = "."\n[consumer]\njunk = ["bell.broke"]\n')

    def call(*arguments, **options):
        return CliRunner().invoke(group, ["--config", str(configuration), *arguments], **options)

    return call


def rows(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def dead(transport):
    """Two dead letters of one queue and one of another."""
    for queue, payload in (("a", b'{"n": 1}'), ("a", b"\xffodd"), ("b", b'{"n": 3}')):
        transport.publish(queue, [payload])
        transport.reject(transport.receive([queue])[0], f"{queue} is closed")


def test_replay_queues_messages_and_says_how_many(fmn, transport):
    result = fmn("replay", "-", "--json", input=SOUND + b"\n" + SOUND.replace(b"rang", b"broke"))
    assert (result.exit_code, rows(result)) == (0, [{"stage": "replay", "queued": 1, "dropped": 1}])
    assert transport.depth(MESSAGES) == 1


def test_replay_tells_of_a_broken_line_and_goes_on(fmn, transport):
    result = fmn("replay", "-", input=SOUND + b"\nnonsense\n" + SOUND)
    assert (result.exit_code, result.stdout) == (1, "replay: 2 queued\n")
    assert "- line 2: not JSON" in result.stderr
    assert transport.depth(MESSAGES) == 2


def test_replay_at_a_rate_takes_everything(fmn, transport):
    assert fmn("replay", "-", "--rate", "1000", input=b"\n".join([SOUND] * 30)).exit_code == 0
    assert transport.depth(MESSAGES) == 30


def test_a_missing_file_is_a_usage_error(fmn):
    result = fmn("replay", "nowhere.jsonl")
    assert (result.exit_code, "'nowhere.jsonl' cannot be read" in result.stderr) == (2, True)


@pytest.mark.parametrize("command", ["worker", "run"])
def test_stages_end_when_everything_is_done(fmn, transport, command):
    fmn("replay", "-", input=SOUND)
    result = fmn(command, "--until-idle", "--json")
    assert (result.exit_code, rows(result)[0]) == (0, {"stage": "worker", "matched": 1, "notifications": 0})
    assert transport.depth(MESSAGES) == 0


def test_deliver_names_what_comes_near_an_unknown_backend(fmn):
    result = fmn("deliver", "emial")
    assert (result.exit_code, "no backend is named 'emial'" in result.stderr) == (2, True)


@pytest.mark.parametrize("arguments", [["worker", "--until-idle"], ["deliver", "emial"]])
def test_a_command_that_ended_leaves_signals_as_they_were(fmn, arguments):
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ()), signal.getsignal(signal.SIGHUP)
    fmn(*arguments)
    assert (signal.pthread_sigmask(signal.SIG_BLOCK, ()), signal.getsignal(signal.SIGHUP)) == before


@pytest.mark.parametrize("command", ["run", "consumer"])
def test_a_missing_bus_configuration_is_a_usage_error(fmn, tmp_path, command):
    result = fmn(command, "--bus-config", str(tmp_path / "nowhere.toml"))
    assert (result.exit_code, "nowhere.toml' does not exist" in result.stderr) == (2, True)


@pytest.mark.usefixtures("dead")
def test_dead_letters_are_listed_with_their_reasons(fmn):
    listed = rows(fmn("dead", "list", "--json"))
    assert [(row["id"], row["queue"], row["reason"], row["attempts"]) for row in listed] == [
        ("1", "a", "a is closed", 1), ("2", "a", "a is closed", 1), ("3", "b", "b is closed", 1),
    ]  # fmt: skip
    assert [row["id"] for row in rows(fmn("dead", "list", "--queue", "b", "--json"))] == ["3"]
    assert "after 1 attempt: a is closed" in fmn("dead", "list").stdout


@pytest.mark.usefixtures("dead")
def test_a_dead_letter_is_shown_whole(fmn):
    [shown] = rows(fmn("dead", "show", "1", "--json"))
    assert shown["payload"] == {"n": 1}
    [odd] = rows(fmn("dead", "show", "2", "--json"))
    assert odd["payload"] == "\ufffdodd"
    assert '{"n": 1}' in fmn("dead", "show", "1").stdout


@pytest.mark.usefixtures("dead")
def test_dead_letters_are_replayed(fmn, transport):
    assert rows(fmn("dead", "replay", "1", "--json")) == [{"replayed": 1}]
    assert fmn("dead", "replay", "--queue", "a").stdout == "1 replayed\n"
    assert [e.payload for e in transport.receive(["a"], 5)] == [b'{"n": 1}', b"\xffodd"]
    assert [letter.queue for letter in transport.dead_letters()] == ["b"]


@pytest.mark.usefixtures("dead")
def test_dead_letters_are_dropped(fmn, transport):
    assert rows(fmn("dead", "drop", "3", "--json")) == [{"dropped": 1}]
    assert rows(fmn("dead", "drop", "--all", "--json")) == [{"dropped": 2}]
    assert transport.dead_letters() == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["show", "7"], "there is no dead letter '7'", id="show unknown"),
        pytest.param(["replay", "1", "7"], "there is no dead letter '7'", id="replay unknown"),
        pytest.param(["drop"], "name dead letters by their ids", id="drop nothing"),
        pytest.param(["drop", "1", "--all"], "ids, --queue and --all exclude each other", id="drop this and all"),
    ],
)
@pytest.mark.usefixtures("dead")
def test_what_is_not_there_is_a_usage_error_and_changes_nothing(fmn, transport, arguments, said):
    result = fmn("dead", *arguments)
    assert (result.exit_code, said in result.stderr) == (2, True)
    assert len(transport.dead_letters()) == 3
