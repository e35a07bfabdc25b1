"""The archivist at work: from the consumer into the archive, whatever the messages and the database do."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
from click.testing import CliRunner

from fmn_core.app import Application
from fmn_core.archivist import Archivist
from fmn_core.bundles import bundled, unbundled
from fmn_core.cli import group
from fmn_core.config import Settings
from fmn_core.errors import StoreError
from fmn_core.store import open_store
from fmn_core.summaries import Summary, SummaryBook
from fmn_core.transport.base import ARCHIVE, MESSAGES
from fmn_core.transport.embedded import EmbeddedTransport

SOUND = b'{"topic": "org.fedoraproject.prod.bell.rang", "id": "1", "body": {}}'
#: nobody listens there
AWAY = "postgresql://nobody@127.0.0.1:1/fmn"


@pytest.fixture
def transport(tmp_path):
    with closing(EmbeddedTransport(tmp_path / "queue.sqlite")) as transport:
        yield transport


@pytest.fixture
def fmn(tmp_path):
    """Call a command on the instance in the folder."""

    def call(*arguments, keep_days=14, **options):
        path = tmp_path / "fmn.toml"
        path.write_text(f'data_dir = "."\n[archive]\nkeep_days = {keep_days}\n')
        return CliRunner().invoke(group, ["--config", str(path), *arguments], **options)

    return call


def take(stage, transport):
    stage.handle(transport, transport.receive(list(stage.queues), stage.room))


@pytest.mark.parametrize("what", ["id", "topic"])
def test_a_name_that_no_index_takes_is_set_aside_and_holds_up_nobody(store, transport, what):
    # every character another one: a database would compress what repeats
    endless = {"topic": "a.b.c.d", "id": "2", "body": {}, what: "".join(chr(0x4E00 + n) for n in range(6000))}
    transport.publish(ARCHIVE, [json.dumps(endless).encode(), SOUND])
    stage = Archivist(SummaryBook(), lambda: store.archive)
    take(stage, transport)
    assert stage.counts == {"archived": 1, "rejected": 1, "known": 0}
    [dead] = transport.dead_letters()
    assert dead.reason == f"its {what} has 6,000 characters, the archive takes 500"
    assert store.archive.get("1") is not None


def test_a_message_that_a_summary_cannot_bear_is_kept_all_the_same(store, transport):
    class Odd(Summary):
        apps = ("bell",)

        def packages(self, message):
            raise ValueError

    transport.publish(ARCHIVE, [SOUND])
    take(Archivist(SummaryBook([Odd()]), lambda: store.archive), transport)
    assert (store.archive.get("1").topic, transport.dead_count()) == ("org.fedoraproject.prod.bell.rang", 0)


def test_while_the_store_is_away_messages_wait_and_nothing_else_does(tmp_path, transport):
    app = Application(Settings(data_dir=tmp_path, store={"url": AWAY}))
    with closing(app.transport()) as wire:
        app.consumer().handle(wire, [SOUND])
        [stage] = app.archivists()
        with pytest.raises(StoreError):
            take(stage, wire)
    assert (transport.depth(MESSAGES), transport.depth(ARCHIVE)) == (1, 1)
    with closing(open_store(f"sqlite:///{tmp_path / 'fmn.sqlite'}")) as store:
        take(Archivist(SummaryBook(), lambda: store.archive), transport)
        assert store.archive.get("1") is not None
    assert transport.depth(ARCHIVE) == 0


@pytest.mark.parametrize("command", ["run", "archive"])
def test_stages_that_end_when_all_is_done_keep_what_was_replayed(fmn, tmp_path, transport, command):
    fmn("replay", "-", input=SOUND)
    done = fmn(command, "--until-idle", "--json")
    kept = [row for row in map(json.loads, done.stdout.splitlines()) if row["stage"] == "archivist"]
    assert (done.exit_code, [row["archived"] for row in kept]) == (0, [1])
    assert (transport.depth(ARCHIVE), transport.depth(MESSAGES)) == (0, 0 if command == "run" else 1)
    with closing(open_store(f"sqlite:///{tmp_path / 'fmn.sqlite'}")) as store:
        assert store.archive.get("1") is not None


def test_without_an_archive_nothing_is_queued_for_it_and_nobody_keeps_it(fmn, transport):
    assert fmn("replay", "-", input=SOUND, keep_days=0).exit_code == 0
    assert (transport.depth(MESSAGES), transport.depth(ARCHIVE)) == (1, 0)
    refused = fmn("archive", "--until-idle", keep_days=0)
    assert (refused.exit_code, refused.stderr) == (2, "fmn: there is no archive: keep_days in [archive] is 0\n")


def test_messages_come_in_bundles_and_one_that_is_odd_spoils_no_other(store, transport):
    lines = [SOUND.replace(b'"1"', b'"%d"' % number) for number in range(200)]
    lines[77] = b"no message"
    transport.publish(ARCHIVE, list(bundled(lines)))
    assert transport.depth(ARCHIVE) == 4
    stage = Archivist(SummaryBook(), lambda: store.archive)
    while transport.depth(ARCHIVE):
        take(stage, transport)
    assert stage.counts == {"archived": 199, "rejected": 1, "known": 0}
    assert [letter.payload for letter in transport.dead_letters()] == [b"no message"]


def test_a_bundle_that_is_none_is_set_aside_whole_and_a_message_alone_is_one(store, transport):
    (whole,) = bundled([SOUND, SOUND.replace(b'"1"', b'"2"')])
    transport.publish(ARCHIVE, [whole[:-9], b"\x78nonsense", SOUND, whole])
    stage = Archivist(SummaryBook(), lambda: store.archive)
    take(stage, transport)
    assert stage.counts == {"archived": 2, "rejected": 2, "known": 1}
    assert {letter.reason[:21] for letter in transport.dead_letters()} == {"no bundle of messages"}


def test_a_bundle_is_no_larger_than_it_need_be():
    lines = [b"x" * 100_000] * 7
    sizes = [len(unbundled(one)) for one in bundled(lines)]
    assert (sizes, [line for one in bundled(lines) for line in unbundled(one)]) == ([3, 3, 1], lines)
    assert list(bundled([])) == []
