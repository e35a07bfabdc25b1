"""A sample message in, a notification out: every stage, one queue file and one database in a folder."""

import contextlib

from fmn_core.app import Application
from fmn_core.config import Settings
from fmn_core.model import Destination, Filter, Outcome, Preference, RuleUse, User
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
