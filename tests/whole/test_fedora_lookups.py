"""From a bus message to new maintainers: stale book, librarian and the plugin of Fedora's services, whole."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fmn_core import Settings
from fmn_core.app import Application
from fmn_core.desk import GATHER
from fmn_core.librarian import LOOK, Librarian
from fmn_core.live_lookups import LiveLookups
from fmn_core.plugins import RULES
from fmn_core.staleness import STALE, encode_stale
from fmn_core.testing import message

PACKAGES = [f"package-{number}" for number in range(40)]


class DistGit:
    """Publishes who may commit to what, and answers for single packages."""

    def __init__(self):
        self.pages = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def publish(self, owners):
        self.pages["/extras/pagure_owner_alias.json"] = json.dumps({"rpms": owners}).encode()

    def give(self, package, owner):
        users = {"owner": [owner], "admin": [], "commit": [], "ticket": []}
        page = {"access_users": users, "access_groups": {"admin": [], "commit": []}}
        self.pages[f"/api/0/rpms/{package}"] = json.dumps(page).encode()

    def _handler(self):
        pages = self.pages

        class Handler(BaseHTTPRequestHandler):
            wbufsize = -1

            def do_GET(self):
                body = pages.get(self.path)
                self.send_response(200 if body is not None else 503)
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *arguments):
                """Say nothing."""

        return Handler

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Wire:
    """One process alone, which hears itself."""

    def __init__(self):
        self.sent = []

    def broadcast(self, topic, payload):
        self.sent.append((topic, payload))

    def heard(self, topic):
        found = [payload for name, payload in self.sent if name == topic]
        self.sent = [(name, payload) for name, payload in self.sent if name != topic]
        return found

    def hold(self, name):
        return True


@pytest.fixture
def distgit(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = DistGit()
    server.publish({name: ["ava"] for name in PACKAGES})
    yield server
    server.close()


@pytest.fixture
def app(tmp_path, distgit):
    section = {"fedora": {"distgit": distgit.url, "timeout": 5}}
    application = Application(Settings.model_validate({"data_dir": tmp_path, "plugin": section}), (RULES,))
    yield application
    application.close()


class Process:
    """The lookups of an application, with a clock to turn."""

    def __init__(self, app):
        self.now, self.wire, self.lookups = 1_700_000_000.0, Wire(), LiveLookups()
        sources, refresh = app.registry.lookup_sources, app.settings.lookups.refresh
        self.refresh = refresh
        self.librarian = Librarian(sources, app.shelf, self.lookups, refresh, lambda: self.now)
        self.librarian.open()
        self.later(0)

    def later(self, seconds):
        self.now += seconds
        self.librarian.turn(self.wire)


def test_a_message_about_access_makes_the_new_owner_known_within_seconds(app, distgit):
    process = Process(app)
    assert process.lookups.owners("package-7") == {"ava"}
    distgit.give("package-7", "mei")
    project = {"name": "package-7", "namespace": "rpms", "fullname": "rpms/package-7", "parent": None}
    told = app.stale_book.stale(message("pagure.project.user.access.updated", {"project": project}))
    process.wire.broadcast(STALE, encode_stale(told))
    process.later(0)
    process.later(GATHER)
    assert process.lookups.owners("package-7") == {"mei"}
    process.later(process.refresh)
    assert process.lookups.owners("package-7") == {"mei"}, "the published file does not know it yet"
    assert process.lookups.packages("ava") == {*PACKAGES} - {"package-7"}


WHOLE = json.dumps({"rpms": {name: ["mei"] for name in PACKAGES}}).encode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (WHOLE[:300], "is not JSON"),
        (b"", "is not JSON"),
        (b'{"rpms": {"package-1": ["mei"]}}', "only 1 packages are named, of 40 before"),
        (None, "answers with status 503"),
    ],
    ids=["truncated", "empty", "shrunken", "down"],
)
def test_a_published_file_of_no_use_leaves_the_old_one_in_force_with_the_reason(app, distgit, content, reason):
    process = Process(app)
    distgit.pages["/extras/pagure_owner_alias.json"] = content
    process.later(process.refresh)
    assert process.lookups.owners("package-7") == {"ava"}
    assert reason in process.lookups.failures["dist-git"]
    distgit.pages["/extras/pagure_owner_alias.json"] = WHOLE
    process.later(process.refresh)
    process.later(LOOK)
    assert process.lookups.owners("package-7") == {"mei"}
    assert process.lookups.failures == {}
