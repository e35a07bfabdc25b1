"""A sample message in, a notification out: every stage, one queue file and one database in a folder."""

import contextlib
import json
import threading

from fmn_core.app import Application
from fmn_core.config import Settings
from fmn_core.errors import LookupUnavailableError
from fmn_core.lookups import LookupData, LookupSource
from fmn_core.model import Destination, Filter, Outcome, Preference, Role, RuleUse, User
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import rule
from fmn_core.summaries import Summary
from fmn_core.testing import RecordingBackend, message


class Bells(Summary):
    apps = ("bell",)

    def summary(self, message):
        return f"the bell of {message.body['place']} rang"


@rule("bell_rang", topics=["bell.rang"])
def bell_rang(message):
    """A bell rang

    Any bell.
    """
    return True


def registry(backend):
    made = PluginRegistry()
    made.rules.add(bell_rang)
    made.summaries.add(Bells())
    made.backends[backend.name] = backend
    return made


def test_a_message_becomes_a_notification(tmp_path):
    backend = RecordingBackend()
    app = Application(Settings(data_dir=tmp_path), registry=registry(backend))
    wish = Preference("", "marta", "recording", True, (Destination("home", confirmed=True),), (
        Filter("", "bells", (RuleUse("bell_rang"),)),
    ))  # fmt: skip
    app.store.preferences.save(User("marta", (wish,)))
    with contextlib.closing(app.transport()) as transport:
        app.consumer().handle(transport, [message("bell.rang", {"place": "Rye"}), message("bell.broke", {})])
    app.runner([app.worker(), *app.deliveries()]).run(until_idle=True)
    [sent] = backend.sent
    assert (sent.user, sent.destination, sent.filter_name) == ("marta", "home", "bells")
    assert sent.facts.summary == "the bell of Rye rang"
    assert app.store.ledger.counts() == {("recording", Outcome.SENT): 1}
    app.close()


class File(LookupSource):
    """Reads who owns what, and tells when it was read."""

    name = "file"

    def __init__(self, path):
        self._path = path
        self.reads = threading.Semaphore(0)

    def load(self):
        try:
            owners = json.loads(self._path.read_text())
        except ValueError as error:
            raise LookupUnavailableError(str(error)) from error
        finally:
            self.reads.release()
        return LookupData({package: {owner: Role.OWNER} for package, owner in owners.items()})

    def write(self, text):
        """Change the file in one step, as a reader may come at any time, and wait until that is in force."""
        self._path.with_suffix(".new").write_text(text)
        self._path.with_suffix(".new").replace(self._path)
        self._wait_for_refresh()

    def _wait_for_refresh(self):
        """The third reading from now begins after the second was used."""
        while self.reads.acquire(blocking=False):
            pass
        for _ in range(3):
            assert self.reads.acquire(timeout=30)


def test_what_changes_who_maintains_what_is_in_force_without_a_restart(tmp_path, caplog):
    path = tmp_path / "owners.json"
    path.write_text('{"kernel": "ava"}')
    source, made = File(path), registry(RecordingBackend())
    made.lookup_sources.append(source)
    app = Application(Settings(data_dir=tmp_path, lookups={"refresh": 0.01}), registry=made)
    runner = app.runner([app.worker()])
    thread = threading.Thread(target=runner.run)
    thread.start()
    source.write('{"kernel": "mei"}')
    assert app.lookups.owners("kernel") == {"mei"}
    source.write("{")
    assert app.lookups.owners("kernel") == {"mei"}
    runner.stop()
    thread.join()
    app.close()
    assert len(caplog.records) == 1, "one warning, however often it fails"
