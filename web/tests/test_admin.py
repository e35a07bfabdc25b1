"""The pages for admins: who may see them, what they show, and what they order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from admin_place import BASE, EVIL, GROUP, NOW, client_of, fill, group, made, text
from markupsafe import escape

from fmn_core.errors import StoreError
from fmn_core.model import Outcome
from fmn_core.plugins import PluginRegistry
from fmn_core.store import What
from fmn_core.store.reports import QUEUES
from fmn_web.admin.plot import HEIGHT, LEFT, WIDTH, drawn, round_up
from fmn_web.admin.wording import age
from fmn_web.policy import POLICY, Access

ADMIN = [name for name, access in POLICY.items() if access is Access.ADMIN]


@pytest.fixture
def app(tmp_path, store):
    return made(tmp_path, store)


@pytest.fixture
def jane(app):
    return client_of(app, "jane")


@pytest.fixture
def root(app):
    return client_of(app, "root")


def place(app, endpoint):
    """Return path and method of a page."""
    (rule,) = [one for one in app.url_map.iter_rules() if one.endpoint == endpoint]
    return rule.rule, "GET" if "GET" in rule.methods else "POST"


def ask(app, client, endpoint):
    """Ask for a page, about jane."""
    path, method = place(app, endpoint)
    data = {"name": "jane", "reason": "why not", "id": "d1", "sure": "1"}
    query = {"name": "jane"} if method == "GET" else None
    return client.open(path, method=method, data=data if method == "POST" else None, query_string=query, base_url=BASE)


# Who may see them.


@pytest.mark.parametrize("endpoint", ADMIN)
def test_a_page_for_admins_is_for_admins(app, store, jane, root, endpoint):
    _, method = place(app, endpoint)
    stranger = ask(app, app.test_client(), endpoint)
    assert stranger.status_code == (302 if method == "GET" else 401)
    assert method == "POST" or stranger.location.startswith("/login?next=")
    assert "There is no such page" in text(ask(app, jane, endpoint), 404)
    assert store.orders.latest() == []
    assert not store.accounts.find("jane").disabled
    assert ask(app, root, endpoint).status_code == (200 if method == "GET" else 302)


def test_the_link_is_for_admins_too(jane, root):
    assert ">Admin</a>" in text(root.get("/notifications", base_url=BASE))
    assert ">Admin</a>" not in text(jane.get("/notifications", base_url=BASE))


def test_whoever_is_in_the_group_is_an_admin(tmp_path, store):
    app = made(tmp_path, store, lookups=group("ann"), admin_group=GROUP, admins=[])
    assert client_of(app, "ann").get("/admin", base_url=BASE).status_code == 200
    for name in ("root", "jane"):
        assert client_of(app, name).get("/admin", base_url=BASE).status_code == 404


def test_without_a_word_in_the_configuration_nobody_is(tmp_path, store):
    app = made(tmp_path, store, lookups=group("ann"), admins=[])
    for name in ("ann", "root"):
        assert client_of(app, name).get("/admin", base_url=BASE).status_code == 404


# What they show.


@pytest.mark.parametrize("page", ["", "/users", "/plugins", "/rules", "/dead", "/volume", "/log"])
def test_they_stand_on_an_empty_instance(tmp_path, store, page):
    app = made(tmp_path, store, PluginRegistry())
    assert "<h1" in text(client_of(app, "root").get(f"/admin{page}", base_url=BASE))


@pytest.mark.parametrize("endpoint", ADMIN)
def test_while_the_store_is_away_they_say_so(app, store, root, jane, monkeypatch, endpoint):
    """But for who is here, nothing can be asked."""

    def away(*_, **__):
        raise StoreError("away")

    for part in (store.orders, store.reports, store.ledger, store.accounts):
        for name in {"latest", "about", "note", "place", "like", "volume", "search"} & set(dir(part)):
            monkeypatch.setattr(part, name, away)
    monkeypatch.setattr(store.reports, "find", away)
    assert "Not now" in text(ask(app, root, endpoint), 503)


@pytest.mark.parametrize("endpoint", [name for name in ADMIN if name != "admin.act"])
def test_strangers_words_are_words(app, store, jane, root, endpoint):
    fill(store)
    store.orders.note(What.ACT_AS, "jane", EVIL, EVIL, NOW)
    store.accounts.log_in(EVIL, EVIL, list, NOW)
    store.accounts.disable(EVIL, EVIL)
    page = ask(app, root, endpoint).get_data(as_text=True)
    assert EVIL not in page
    assert "<b>ended" not in page
    assert " style=" not in page
    assert "<script" not in page


def test_the_overview_tells_how_the_instance_is(store, jane, root):
    fill(store)
    page = text(root.get("/admin", base_url=BASE))
    for words in ("12,345", "host.1", "changes behind", "nothing waits", "no address is suspended"):
        assert words in page
    assert "host.old" not in page
    assert "No report for 3 minutes" not in page


def test_the_overview_says_when_nobody_tells_anything(store, root):
    page = text(root.get("/admin", base_url=BASE))
    assert "Nobody has told anything yet" in page
    assert "No worker has told anything" in page
    store.reports.put(QUEUES, {"depths": {}, "dead": 0}, datetime.now(UTC) - timedelta(minutes=5))
    page = text(root.get("/admin", base_url=BASE))
    assert "No report for 3 minutes" in page
    assert "Told 5 minutes ago" in page


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 seconds"), (1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (7300, "2 hours"), (90_000, "1 day")],
)
def test_an_age_is_told_in_its_largest_unit(seconds, words):
    assert age(NOW, NOW + timedelta(seconds=seconds)) == f"{words} ago"


def test_plugins_that_are_broken_come_first_with_their_reason(root):
    page = text(root.get("/admin/plugins", base_url=BASE))
    assert "1 broken." in page
    assert page.index("fmn-rules-odd") < page.index("fmn-rules-toys")
    assert f"cannot be imported: {escape(EVIL)}" in page
    assert "entry point <code>toys</code> in <code>fmn.rules</code>" in page
    assert "Broken in workers" not in page


def test_plugins_that_are_broken_in_workers_are_told_too(store, jane, root):
    fill(store)
    page = text(root.get("/admin/plugins", base_url=BASE))
    assert page.count(f"no sea {escape(EVIL)}") == 2
    assert "host.old" not in page


def test_rules_are_added_up_over_the_workers_and_sorted(store, jane, root):
    fill(store)
    by = {
        way: text(root.get(f"/admin/rules?by={way}", base_url=BASE)) for way in ("cost", "share", "errors", "name", "x")
    }
    assert "Of 2 workers" in by["cost"]
    for words in ("2,000.0 µs", "40.00 ms", ">3</td>", "3 filters can never match", "not installed here"):
        assert words in by["cost"]
    assert by["cost"].index("toy_ended") < by["cost"].index('<code class="text-break">gone')
    assert by["name"].index('<code class="text-break">gone') < by["name"].index("toy_ended")
    table = {way: page.partition("<tbody>")[2].partition("</tbody>")[0] for way, page in by.items()}
    assert table["x"] == table["cost"] != table["name"]


def test_dead_letters_are_shown_and_ordered(store, jane, root):
    fill(store)
    page = text(root.get("/admin/dead", base_url=BASE))
    for words in (f"refused {escape(EVIL)}", "not JSON", "after 12 attempts", "after 1 attempt", "message m1"):
        assert words in page
    for path, letter in (("replay", "d1"), ("drop", "d2"), ("replay", "")):
        text(root.post(f"/admin/dead/{path}", data={"id": letter}, base_url=BASE), 302)
    text(root.post("/admin/dead/replay-all", base_url=BASE), 302)
    assert [(one.what, one.argument, one.actor) for one in store.orders.open()] == [
        ("replay", "d1", "root"), ("drop", "d2", "root"),
    ]  # fmt: skip
    text(root.post("/admin/dead/replay-all", data={"sure": "1"}, base_url=BASE), 302)
    assert (store.orders.open()[-1].what, store.orders.open()[-1].argument) == (What.REPLAY, None)
    page = text(root.get("/admin/dead", base_url=BASE))
    assert page.count("It is ordered, and not done yet.") == 2
    assert page.count("not done yet") == 5
    store.orders.done(store.orders.open()[0].id, f"It is back {EVIL}", NOW)
    assert f"It is back {escape(EVIL)}" in text(root.get("/admin/dead", base_url=BASE))


def test_it_is_said_that_nobody_carries_out_orders(store, root):
    store.orders.place(What.REPLAY, None, "root", NOW - timedelta(minutes=1))
    assert "waits for longer than it should" in text(root.get("/admin/dead", base_url=BASE))


def test_the_volume_is_drawn_and_written(store, jane, root):
    fill(store)
    page = text(root.get("/admin/volume", base_url=BASE))
    assert page.count('<rect class="is-sent" x=') == 1
    assert ": 2 sent</title>" in page
    assert page.count('<th scope="row"') == 30


def test_bars_stand_upon_each_other_and_stay_inside():
    days = {date(2026, 5, day): {Outcome.SENT: 60 * day, Outcome.FAILED: 40} for day in range(1, 31)}
    plot = drawn(days)
    sent, failed = plot.bars[:2]
    assert (sent.outcome, failed.outcome) == (Outcome.SENT, Outcome.FAILED)
    assert failed.y + failed.height == pytest.approx(sent.y, abs=0.2)
    assert all(one.x >= LEFT and one.x + one.width <= WIDTH and 0 <= one.y <= HEIGHT for one in plot.bars)
    assert [number for _, number in plot.lines] == [0, 1000, 2000]
    assert drawn({date(2026, 5, 1): {}}).bars == []
    assert [round_up(number) for number in (0, 1, 3, 11, 50, 51, 1840)] == [1, 1, 5, 20, 50, 100, 2000]


def test_the_log_goes_from_page_to_page(store, root):
    for number in range(51):
        store.orders.note(What.DISABLE, f"user{number:02}", "root", "spam", NOW)
    first = text(root.get("/admin/log", base_url=BASE))
    assert "Disable user50: spam" in first
    assert "user00" not in first
    older = store.orders.latest(50)[-1].id
    assert f"before={older}" in first
    assert "Disable user00: spam" in text(root.get(f"/admin/log?before={older}", base_url=BASE))
