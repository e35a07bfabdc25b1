"""The gallery: every page of an instance that has seen something, at both widths, light and dark.

``python tests/gallery.py FOLDER`` writes the pictures. A test looks at the same pages with axe-core.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which
from uuid import uuid4

from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from fmn_core.acting import acting
from fmn_core.app import Application
from fmn_core.cli import group
from fmn_core.config import Settings, load_settings
from fmn_core.model import Filter, Outcome, RuleUse
from fmn_core.signing import LINKS, Signer, Wish
from fmn_core.store import LedgerEntry, Why
from fmn_core.store.reports import DEAD, QUEUES, WORKER
from fmn_web import create_app

CHROMIUM = which("chromium") or which("chromium-browser")
WIDTHS, SCHEMES = (360, 1280), ("light", "dark")
#: of the people of the demo, the one whose pages are shown, and the one who runs the instance
USER, ADMIN = "ava", "admin"


@dataclass(frozen=True)
class Picture:
    """A page, and how one gets there.

    :param name: of the picture
    :param endpoint: of the page in the policy
    :param path: with ``{NAME}`` for what the instance knows, see :func:`filled`
    :param who: is logged in; empty for nobody
    :param then: what is done on the page before one looks
    """

    name: str
    endpoint: str
    path: str
    who: str = USER
    then: Callable[[Page], None] | None = None


def _press(label: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=label).first.click()


def _mistakes(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill("")
    page.locator("fieldset input:not([type=hidden]):not([type=checkbox])").first.fill("")
    page.get_by_role("button", name="Save").click()


def _conflict(page: Page) -> None:
    """Change a filter in two windows."""
    other = page.context.new_page()
    other.goto(page.url)
    for window in (other, page):
        window.get_by_label("Name", exact=True).fill(f"My packages, {uuid4().hex[:6]}")
        window.get_by_role("button", name="Save").click()
    other.close()


def _act(page: Page) -> None:
    page.get_by_label("Reason for acting").fill("she asked for help")
    page.get_by_role("button", name="Act as this user").click()


def _token(page: Page) -> None:
    page.get_by_label("What it is for").fill("a script")
    page.get_by_role("button", name="Make a token").click()


def _forecast(page: Page) -> None:
    page.locator("#forecast .messages, #forecast .number").first.wait_for()


PICTURES = (
    Picture("home", "home.index", "", who=""),
    Picture("login", "login.ask", "login", who=""),
    Picture("plugins", "catalogue.index", "plugins", who=""),
    Picture("mine", "mine.index", "notifications"),
    Picture("new-filter", "edit.new", "notifications/irc/filters/new"),
    Picture("filter", "edit.change", "notifications/filters/{filter}", then=_forecast),
    Picture("filter-link", "edit.link", f"{USER}/irc/{{filter}}", then=_forecast),
    Picture("filter-plugin-gone", "edit.change", "notifications/filters/{gone}"),
    Picture("filter-mistakes", "edit.change", "notifications/filters/{filter}", then=_mistakes),
    Picture("filter-conflict", "edit.change", "notifications/filters/{twice}", then=_conflict),
    Picture("feed", "edit.change", "notifications/filters/{filter}", then=_press("Make a feed")),
    Picture("history", "history.index", "history"),
    Picture("why", "history.why", "history/{notification}"),
    Picture("less", "less.index", "history/{notification}/less"),
    Picture("expected", "expected.ask", "expected"),
    Picture("expected-found", "expected.ask", "expected?words=completed"),
    Picture("explained", "expected.show", "expected/{message}"),
    Picture("unseen", "expected.show", "expected/2014-none"),
    Picture("live", "live.index", "live"),
    Picture("account", "account.index", "account"),
    Picture("token", "account.index", "account", then=_token),
    Picture("changes", "audit.index", "changes"),
    Picture("import", "exchange.ask", "import"),
    Picture("import-mistakes", "exchange.ask", "import", then=_press("Import")),
    Picture("confirm", "confirm.ask", "confirm/{secret}", who=""),
    Picture("unsubscribe", "unsubscribe.ask", "unsubscribe/{wish}", who=""),
    Picture("unsubscribed", "unsubscribe.ask", "unsubscribe/{off}", who=""),
    Picture("undo", "unsubscribe.ask_back", "unsubscribe/undo/{back}", who=""),
    Picture("not-found", "home.index", "nowhere"),
    Picture("admin", "admin.overview", "admin", ADMIN),
    Picture("admin-users", "admin.users", "admin/users", ADMIN),
    Picture("admin-user", "admin.user", f"admin/user?name={USER}", ADMIN),
    Picture("admin-plugins", "admin.plugins", "admin/plugins", ADMIN),
    Picture("admin-rules", "admin.rules", "admin/rules", ADMIN),
    Picture("admin-dead", "admin.dead", "admin/dead", ADMIN),
    Picture("admin-volume", "admin.volume", "admin/volume", ADMIN),
    Picture("admin-log", "admin.log", "admin/log", ADMIN),
    Picture("acting", "mine.index", f"admin/user?name={USER}", ADMIN, then=_act),
)
#: what a browser can get and is no page
NO_PAGES = {
    "static": "files", "bootstrap.static": "files", "openid.callback": "the way back from the provider",
    "completion.like": "JSON", "exchange.export": "a download", "feeds.read": "XML", "api.openapi": "JSON",
}  # fmt: skip


@contextmanager
def instance() -> Iterator[tuple[str, Mapping[str, str]]]:
    """Serve an instance that has seen something; give its address, and what stands for ``{NAME}`` in paths."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "demo"
        group(["demo", "--once", "--json", "--dir", str(folder)], standalone_mode=False)
        app = stack.enter_context(closing(Application(_settings(folder))))
        with acting(USER, "web"):
            known = filled(app)
        pages = create_app(app.settings, app.registry, app.store, app.lookups)
        server = make_server("127.0.0.1", 0, pages, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        yield f"http://127.0.0.1:{server.server_port}/", known


def _settings(folder: Path) -> Settings:
    """Return the settings of the demo, without limits: the gallery looks at much in a short time."""
    settings = load_settings(folder / "fmn.toml", environment={})
    none = dict.fromkeys(("login_limit", "link_limit", "search_limit"), "")
    return settings.model_copy(update={"web": settings.web.model_copy(update=none)})


def filled(app: Application) -> Mapping[str, str]:
    """Let somebody have something of everything, and return what the pages are called by."""
    store, now = app.store, datetime.now(UTC)
    (one, *_) = store.preferences.user(USER).preferences
    latest = store.ledger.of_user(USER, 1)[0]
    lost = RuleUse("bodhi_stable", {"package": "bash"})
    gone = store.editing.add_filter(USER, one.backend, Filter("", "Bodhi updates", (lost,)))
    off = store.editing.add_filter(USER, one.backend, Filter("", "New versions", (RuleUse("anitya_new_update"),)))
    store.switches.switch_filter(USER, off.id, False)
    twice = store.editing.add_filter(USER, "email", Filter("", "New packages", (RuleUse("anitya_project_add"),)))
    for number, outcome in enumerate((Outcome.FAILED, Outcome.DEFERRED, Outcome.SUPPRESSED, Outcome.QUEUED)):
        store.ledger.record([_entry(latest, number, outcome, now)])
    store.mutes.put(USER, latest.thread, now + timedelta(hours=20))
    for backend, address in (("email", "ava@example.org"), ("email", "ava@old.example.org")):
        app.asking.ask(USER, backend, address)
    store.destinations.confirm(USER, "email", "ava@old.example.org")
    store.switches.suspend("email", "ava@old.example.org", "550 5.1.1 no such user here")
    _report(app, now)
    store.tokens.make(USER, "api", "script on my laptop", now, writes=True)
    question = store.waiting.take("email", "ava@example.org", [Why.NOTICE], 10)[0].notification
    wish = Wish(USER, one.id, (one.filters[0].id,))
    signer = Signer(store.secrets.get(LINKS), "unsubscribe")
    return {
        "filter": one.filters[0].id, "gone": gone.id, "twice": twice.id,
        "notification": latest.notification, "message": latest.message_id,
        "secret": (question.facts.url or "").rpartition("/")[2], "wish": signer.token(wish),
        "off": signer.token(replace(wish, filters=(off.id,))),
        "back": Signer(store.secrets.get(LINKS), "undo").token(replace(wish, filters=(off.id,))),
    }  # fmt: skip


def _report(app: Application, now: datetime) -> None:
    """Tell what a pipeline tells of itself that has run for a while."""
    reports, failure = app.store.reports, "KeyError: 'version' in Facts of anitya.project.version.update"
    reports.put(QUEUES, {"depths": {"messages": 1204, "archive": 0, "deliveries.email": 17}, "dead": 1}, now)
    letter = {"id": "1", "queue": "messages", "reason": failure, "attempts": 5, "died_at": now.timestamp() - 900,
              "topic": "org.release-monitoring.prod.anitya.project.version.update", "message_id": "7c1f2d"}  # fmt: skip
    reports.put(DEAD, {"letters": [letter]}, now)
    rules = {"koji_build_completed": {"count": 40_210, "seconds": 0.11, "errors": 0},
             "regex_filter": {"count": 9_120, "seconds": 1.7, "errors": 3}}  # fmt: skip
    told = {"rules": rules, "revision": 40, "matched": 51, "notifications": 98, "unusable": 1, "broken": {}}
    reports.put(f"{WORKER}worker1.example.org.4711", told, now)
    app.store.accounts.disable("bruno", "asked for it")


def _entry(like: LedgerEntry, number: int, outcome: Outcome, now: datetime) -> LedgerEntry:
    reason = {Outcome.FAILED: "the server refuses it: 552 too large", Outcome.DEFERRED: "collected for a digest",
              Outcome.SUPPRESSED: "its thread is muted"}.get(outcome, "")  # fmt: skip
    until = now + timedelta(hours=3) if outcome is Outcome.DEFERRED else None
    return replace(like, notification=f"gallery{number}", outcome=outcome, reason=reason, at=now, until=until)


def open_page(browser: Browser, place: str, width: int, scheme: str, who: str) -> Page:
    """Open a browser of a width and scheme, with somebody logged in or nobody."""
    page = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    if who:
        page.goto(f"{place}login")
        page.get_by_label("Name", exact=True).fill(who)
        page.get_by_role("button", name="Log in", exact=True).click()
    return page


def look(page: Page, place: str, known: Mapping[str, str], picture: Picture) -> None:
    """Go to a page, and do there what is to be done."""
    page.goto(place + picture.path.format(**known))
    if picture.then:
        picture.then(page)
    page.wait_for_load_state()


def main(folder: Path) -> None:
    """Write the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with instance() as (place, known), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for width in WIDTHS:
            for scheme in SCHEMES:
                pages = {who: open_page(browser, place, width, scheme, who) for who in (USER, ADMIN, "")}
                for picture in PICTURES:
                    page = pages[picture.who]
                    look(page, place, known, picture)
                    page.screenshot(path=folder / f"{picture.name}-{width}-{scheme}.png", full_page=True)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
