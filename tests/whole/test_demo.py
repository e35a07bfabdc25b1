"""The demo as a newcomer runs it: what it says of itself, and what it leaves behind."""

from __future__ import annotations

import json
import mailbox
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner

from fmn_core.backends import Rehearsal
from fmn_core.cli import group
from fmn_core.demo import play
from fmn_core.demo.verdict import judge


def fmn(*arguments):
    """Run a command in a process of its own."""
    command = [sys.executable, "-c", "from fmn_core.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo that was kept: its folder, and its totals."""
    folder = tmp_path_factory.mktemp("whole") / "demo"
    done = fmn("demo", "--once", "--json", "--dir", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, json.loads(done.stdout)


def test_everything_arrived_by_every_way(demo):
    _, totals = demo
    assert totals["messages"] > 300
    assert 0 < totals["matched"] < totals["messages"]
    assert set(totals["arrived"]) == {"email", "irc", "sse"}
    assert sum(totals["arrived"].values()) == totals["notifications"]
    assert totals["missing"] == totals["surplus"] == totals["absent"] == []


def test_mails_are_in_the_mailbox_and_for_nobody_real(demo):
    folder, totals = demo
    mails = list(mailbox.Maildir(folder / "mail", create=False))
    assert len(mails) == totals["arrived"]["email"]
    assert {mail["To"] for mail in mails} == {"bruno@example.org", "dana@example.org"}


def test_lines_are_in_the_log_of_the_irc_server(demo):
    folder, totals = demo
    lines = (folder / "irc.log").read_text("utf-8").splitlines()
    assert len(lines) == totals["arrived"]["irc"]
    assert {line.split()[1] for line in lines} == {"ava", "chidi", "#fmn"}


def test_events_are_in_the_log_of_the_client(demo):
    folder, totals = demo
    rows = [json.loads(line) for line in (folder / "events.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == totals["arrived"]["sse"]
    assert {row["user"] for row in rows} == {"dana"}


def test_its_configuration_serves_other_commands(demo):
    folder, totals = demo
    users = fmn("--config", folder / "fmn.toml", "user", "list")
    assert all(name in users.stdout for name in ("ava", "bruno", "chidi", "dana")), users.stderr
    matched = fmn("--config", folder / "fmn.toml", "match", "--json", folder / "messages.jsonl")
    rows = [json.loads(line) for line in matched.stdout.splitlines()]
    assert sum(len(row["notifications"]) for row in rows) == totals["notifications"], matched.stderr


def test_a_folder_that_holds_a_demo_is_refused(demo):
    folder, _ = demo
    done = fmn("demo", "--once", "--dir", folder)
    assert done.returncode == 2
    assert "holds a demo already" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_not_empty_is_refused(tmp_path):
    (tmp_path / "thesis.tex").touch()
    done = fmn("demo", "--once", "--dir", tmp_path)
    assert done.returncode == 2
    assert "is not empty" in done.stderr


def test_a_taken_port_is_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = fmn("demo", "--port", port, "--dir", tmp_path / "demo")
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "demo").exists()


def test_wishes_for_what_is_not_installed_fall_away(tmp_path):
    (tmp_path / "fmn.toml").write_text('[plugins]\ndisabled = ["irc", "pkgdb"]\n', "utf-8")
    done = fmn("--config", tmp_path / "fmn.toml", "demo", "--once", "--json", "--dir", tmp_path / "demo")
    totals = json.loads(done.stdout)
    assert done.returncode == 0
    assert set(totals["arrived"]) == {"email", "sse"}
    assert any("ava cannot be reached by irc" in sentence for sentence in totals["absent"])
    assert any("bruno falls away" in sentence for sentence in totals["absent"])


class Forgetful(Rehearsal):
    """A far end that has lost the first thing that arrived."""

    def __init__(self, real):
        self._real = real

    def addresses(self, user):
        return self._real.addresses(user)

    def arrived(self):
        return self._real.arrived()[1:]

    def mark(self, notification):
        return self._real.mark(notification)


def test_an_arrival_that_is_lost_is_named_and_fails_the_demo(monkeypatch):
    def judge_of_the_forgetful(wanted, rehearsals):
        return judge(wanted, {name: Forgetful(real) if name == "irc" else real for name, real in rehearsals.items()})

    monkeypatch.setattr(play, "judge", judge_of_the_forgetful)
    monkeypatch.setattr(play, "FLIGHT", 0.5)
    done = CliRunner().invoke(group, ["demo", "--once"])
    assert done.exit_code == 1
    assert done.output.count("missing: ") == 1
    assert "surplus: " not in done.output
