"""An instance as an operator has it: a folder with a configuration, commands on it, stages and pages as processes."""

from __future__ import annotations

import http.client
import itertools
import json
import re
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import tomli_w
from click.testing import CliRunner
from processes import PATIENCE, Running, eventually, free_ports, get

from fmn_core.cli import group
from fmn_core.commands import FMN
from fmn_core.store import open_store


class InstancePlace:
    """Such an instance, in a folder; ``with`` ends what it has started.

    :param folder: an empty one
    :param sections: of the configuration, those of plugins as ``plugin``
    """

    def __init__(self, folder: Path, **sections: Any) -> None:
        self._folder, self._stack, self._files = folder, ExitStack(), itertools.count()
        self._pages = free_ports(2)
        self._configuration = folder / "fmn.toml"
        self.base_url = f"http://127.0.0.1:{self._pages}/"
        base = {"data_dir": ".", "base_url": self.base_url}
        self._configuration.write_text(tomli_w.dumps({**base, **sections}), "utf-8")

    def __enter__(self) -> InstancePlace:
        self.fmn("db", "upgrade")
        self._store = self._stack.enter_context(closing(open_store(f"sqlite:///{self._folder / 'fmn.sqlite'}")))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def fmn(self, *arguments: str, code: int = 0) -> str:
        """Give a command, and return what it says.

        :param code: with which it ends
        """
        done = CliRunner().invoke(group, ["--config", str(self._configuration), *arguments])
        assert done.exit_code == code, done.output
        return done.output

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        """Give a command, and return what it says for programs."""
        return [json.loads(line) for line in self.fmn(*arguments, "--json").splitlines()]

    def start(self, *arguments: str) -> Running:
        """Start a command that goes on."""
        running = Running(*FMN, "--config", str(self._configuration), *arguments)
        self._stack.callback(running.abandon)
        return running

    def serve(self) -> None:
        """Start all stages and the pages, and return once they are there."""
        self.start("web", "--port", str(self._pages))
        self.start("run", "--monitoring", f"127.0.0.1:{self._pages + 1}")
        eventually(lambda: get(self._pages, "/"))
        self.settle()

    def settle(self) -> None:
        """Wait until all stages know of all that was changed."""
        revision = self._store.preferences.revision()
        eventually(lambda: (known := self._revisions()) and min(known) >= revision)

    def _revisions(self) -> list[float]:
        _, metrics = get(self._pages + 1, "/metrics") or (0, "")
        return [float(found) for found in re.findall(r"^fmn_store_revision\{.*\} (.+)$", metrics, re.MULTILINE)]

    def settings_of(self, user: str, *preferences: Mapping[str, Any]) -> None:
        """Give somebody these settings in place of all others, and wait until they are in force."""
        self.fmn("user", "import", self._file({"user": user, "preferences": preferences}))
        self.settle()

    def replay(self, *messages: Mapping[str, Any]) -> None:
        """Take messages in, from a file."""
        self.fmn("replay", self._file(*messages))

    def _file(self, *rows: Mapping[str, Any]) -> str:
        path = self._folder / f"file-{next(self._files)}"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        return str(path)

    def ledger(self, user: str, outcome: str = "") -> list[dict[str, Any]]:
        """Return what became of somebody's notifications, latest first, if they came to this end."""
        return [row for row in self.rows("ledger", user) if row["outcome"].startswith(outcome)]


def preference(backend: str, *addresses: str, filters: Any = (), confirmed: bool = True, **more: Any) -> dict[str, Any]:
    """Make the settings for a backend, as they are written in a file."""
    places = [{"address": address, "confirmed": confirmed} for address in addresses]
    return {"backend": backend, "enabled": True, "destinations": places, "filters": list(filters), **more}


def builds_of(package: str, name: str = "") -> dict[str, Any]:
    """Make a filter for all that becomes of builds of a package, but that they are deleted."""
    rules = [
        {"rule": "package_filter", "arguments": {"package": package}},
        {"rule": "koji_build_deleted", "negated": True},
        {"rule": "koji_build_state_change"},
    ]
    return {"name": name or f"All Builds of {package}", "rules": rules}


def visit(url: str, form: Mapping[str, str] | None = None, method: str = "") -> tuple[int, str]:
    """Ask for a page as a browser or a mail program does; return its status and what it says.

    :param form: what to post; None to look only
    """
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)) as connection:
        if form is None:
            connection.request(method or "GET", parts.path)
        else:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", parts.path, urlencode(form), kind)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def press(url: str, page: str, verb: str) -> tuple[int, str]:
    """Press the button of a page that leads to such a path, and return what comes then."""
    paths = re.findall(r'<form method="post" action="([^"]+)"', page)
    (path,) = [path for path in paths if f"/{verb}/" in path]
    return visit(f"{url[: url.index('/', 8)]}{path}", {})


def heading(page: str) -> str:
    """Return the heading of a page."""
    found = re.search(r"<h1[^>]*>([^<]*)</h1>", page)
    assert found, page
    return found[1]
