"""An instance whose users want numbers that are divisible, and get them in a file; for tests that kill processes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import tomli_w

from fmn_core.app import Application
from fmn_core.config import load_settings
from fmn_core.model import Destination, Filter, Preference, RuleUse, User

PLUGIN = Path(__file__).parent / "crash_plugin"
PLUGINS = ("crash", "crash_rules")


def wish(name: str, by: int, *places: str, rule: str = "crash_divisible") -> User:
    """Return somebody who wants numbers that are divisible."""
    what = Filter("", f"divisible by {by}", (RuleUse(rule, {"by": by}),))
    known = tuple(Destination(place, confirmed=True) for place in places)
    return User(name, (Preference("", name, "crash", True, known, (what,)),))


USERS = (wish("ada", 4, "ada"), wish("bob", 10, "bob", "office"), wish("cy", 9, "cy"))


def wanted(count: int) -> int:
    """Return how many notifications come of so many numbers from 0."""
    return len(range(0, count, 4)) + 2 * len(range(0, count, 10)) + len(range(0, count, 9))


class NumbersPlace:
    """Such an instance, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.configuration = folder / "fmn.toml"
        self.sent_file = folder / "sent"

    def application(self, crash: dict[str, Any], **sections: Any) -> Application:
        """Write the configuration, and make an application of it with its users.

        :param crash: settings of the plugin
        :param sections: of the configuration
        """
        section = {"file": str(self.sent_file), **crash}
        raw = {"data_dir": ".", "plugins": {"enabled": PLUGINS}, "plugin": {"crash": section}, **sections}
        self.configuration.write_text(tomli_w.dumps(raw))
        app = Application(load_settings(self.configuration, {}))
        known = app.store.preferences.users()  # as they are: filters that are saved once more are others
        for one in USERS:
            if one.name not in known:
                app.store.preferences.save(one)
        return app

    def messages(self, count: int) -> Path:
        """Write a file of numbered messages."""
        path = self.folder / "messages.jsonl"
        topic = "org.fedoraproject.prod.crash.number"
        rows = [{"id": f"m{number}", "topic": topic, "body": {"number": number}} for number in range(count)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    def sent(self) -> Counter[str]:
        """Return how often each id was sent."""
        lines = self.sent_file.read_text().splitlines() if self.sent_file.exists() else []
        return Counter(line.split()[1] for line in lines)
