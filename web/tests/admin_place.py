"""An instance with somebody who runs it, for tests of the pages for admins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fmn_core import topic_rule
from fmn_core.config import Settings
from fmn_core.lookups import LookupData
from fmn_core.model import Filter, Outcome, RuleUse
from fmn_core.plugins import PluginInfo, PluginRegistry, Status
from fmn_core.rules import RuleBook
from fmn_core.snapshot import Snapshot
from fmn_core.store import LedgerEntry
from fmn_core.store.reports import DEAD, QUEUES, WORKER
from fmn_core.testing import RecordingBackend
from fmn_web import create_app

BASE = "http://127.0.0.1/"
#: when the tests began; what is told just now is told later
NOW = datetime.now(UTC)
EVIL = "<script>alert('x')</script>"
RULES = RuleBook((topic_rule("toy_ended", "toys.ended", "Toy <b>ended"),), "toys")
GROUP = "fmn-admins"
PLUGINS = (
    PluginInfo("toys", "fmn.rules", "fmn-rules-toys", "1.2", Status.SOUND),
    PluginInfo("odd", "fmn.rules", "fmn-rules-odd", "0.1", Status.BROKEN, f"cannot be imported: {EVIL}"),
)


def made(folder, store, registry=None, lookups=None, **web):
    """Make an application, in which root runs the instance; forms need no token."""
    registry = registry or PluginRegistry(plugins=PLUGINS, rules=RULES, backends={"mail": RecordingBackend("mail")})
    settings = Settings(data_dir=folder, web={"demo_login": True, "admins": ["root"], **web})
    app = create_app(settings, registry, store, lookups)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def group(*names):
    """Return lookups that know who is in the group of admins."""
    return Snapshot([LookupData(groups={GROUP: names})])


def client_of(app, name):
    """Log somebody in."""
    client = app.test_client()
    assert client.post("/login/demo", data={"name": name}, base_url=BASE).status_code == 302
    return client


def text(answer, status=200):
    """Return the page, which is as it should be."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def fill(store):
    """Let there be something of everything, told just now."""
    now = datetime.now(UTC)
    store.editing.add_filter("jane", "mail", Filter("", f"Toys {EVIL}", (RuleUse("toy_ended"),)))
    store.reports.put(QUEUES, {"depths": {"messages": 12345, "deliveries.mail": 7}, "dead": 2}, now)
    letters = [
        {"id": "d1", "queue": "deliveries.mail", "reason": f"refused {EVIL}", "attempts": 12, "died_at": 1.7e9,
         "topic": f"a.b.{EVIL}", "message_id": "m1", "user": EVIL},
        {"id": "d2", "queue": "messages", "reason": "not JSON", "attempts": 1, "died_at": 1.7e9},
    ]  # fmt: skip
    store.reports.put(DEAD, {"letters": letters}, now)
    for number in (1, 2):
        rules = {"toy_ended": {"count": 10, "seconds": 0.02, "errors": number},
                 "gone": {"count": 100, "seconds": 0.001, "errors": 0}}  # fmt: skip
        value = {"rules": rules, "revision": 1, "matched": 1000, "notifications": 10, "unusable": 3,
                 "broken": {"boats 3": f"no sea {EVIL}"}}  # fmt: skip
        store.reports.put(f"{WORKER}host.{number}", value, now)
    store.reports.put(f"{WORKER}host.old", value, now - timedelta(minutes=4))
    store.ledger.record([
        LedgerEntry(f"n{number}", "m", "jane", "mail", "x", "", outcome, "", 1, now)
        for number, outcome in enumerate([Outcome.SENT, Outcome.SENT, Outcome.FAILED])
    ])  # fmt: skip
