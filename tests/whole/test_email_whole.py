"""Mails as people get them: an instance with a real mail server that wants TLS, and the pages that links lead to."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator

import pytest
from instance_place import InstancePlace, builds_of, heading, preference, press, visit
from koji_place import HOSTILE, KojiBuild
from mail_place import MailServer, conversations, link, part, subjects
from playwright.sync_api import Page, sync_playwright
from processes import eventually

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: keep a browser without a network from looking for one
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]  # fmt: skip
PLUGINS = ["email", "koji", "generic"]
RULES = ("Build, any state", "not Build deleted")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    with MailServer(tmp_path_factory.mktemp("mail")) as running:
        yield running


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, server: MailServer) -> Iterator[InstancePlace]:
    folder = tmp_path_factory.mktemp("instance")
    with InstancePlace(folder, plugins={"enabled": PLUGINS}, plugin={"email": server.section}) as made:
        made.serve()
        yield made


def test_an_address_counts_once_its_owner_has_accepted(instance: InstancePlace, server: MailServer) -> None:
    address, too_early, build = "ann@example.org", KojiBuild("attr"), KojiBuild("attr")
    instance.settings_of("ann", preference("email", address, filters=[builds_of("attr")], confirmed=False))
    instance.replay(too_early.started())
    assert instance.rows("destination", "ask", "ann", f"email={address}")[0]["state"] == "pending"
    question = server.wait_for(address, "Confirm that notifications for ann may be sent to ann@example.org")
    assert (question["Auto-Submitted"], question["List-Unsubscribe"]) == ("auto-generated", None)
    accept = link(question, "confirm/accept")
    status, page = visit(accept)
    assert (status, heading(page)) == (200, "Do you want notifications here?")
    visit(accept, method="HEAD")
    assert "not confirmed" in instance.fmn("user", "show", "ann"), "scanners follow links"
    for _ in range(2):
        status, page = press(accept, page, "accept") if "<form" in page else visit(accept, {})
        assert (status, heading(page)) == (200, "Confirmed")
    instance.settle()
    instance.replay(build.started())
    server.wait_for(address, build.summaries[0])
    assert subjects(server.mails) == [*subjects([question]), build.summaries[0]], "nothing else, and to nobody else"


def test_who_has_rejected_an_account_is_not_asked_by_it_again(instance: InstancePlace, server: MailServer) -> None:
    address = "bea@example.org"
    for user in ("bob", "bea"):
        instance.settings_of(user, preference("email", filters=[builds_of("bash")]))
    instance.fmn("destination", "ask", "bob", f"email={address}")
    reject = link(server.wait_for(address, "Confirm that notifications for bob"), "confirm/reject")
    status, page = press(reject, visit(reject)[1], "reject")
    assert (status, heading(page)) == (200, "Rejected")
    assert "has rejected" in instance.fmn("destination", "ask", "bob", f"email={address}", code=2)
    assert [row["state"] for row in instance.rows("destination", "list", "bob")] == ["rejected"]
    instance.fmn("destination", "ask", "bea", f"email={address}")
    server.wait_for(address, "Confirm that notifications for bea")
    assert len(server.to(address)) == 2


def test_builds_arrive_in_order_and_as_conversations(instance: InstancePlace, server: MailServer) -> None:
    address, first, second = "cleo@example.org", KojiBuild("curl"), KojiBuild("curl")
    instance.settings_of("cleo", preference("email", address, filters=[builds_of("curl")]))
    messages = [first.started(), second.started(), first.completed(), second.completed()]
    instance.replay(*messages)
    server.wait_for(address, second.summaries[1])
    summaries = [first.summaries[0], second.summaries[0], first.summaries[1], second.summaries[1]]
    assert subjects(server.to(address)) == summaries
    assert conversations(server.to(address)) == [first.summaries, second.summaries]
    last = KojiBuild("curl")
    instance.replay(*messages, last.started())
    server.wait_for(address, last.summaries[0])
    assert subjects(server.to(address)) == [*summaries, last.summaries[0]], "what came again was sent already"


def test_a_mail_says_what_it_is_about_and_why_it_came(instance: InstancePlace, server: MailServer) -> None:
    address, build = "dora@example.org", KojiBuild("dnf", "dino")
    instance.settings_of("dora", preference("email", address, filters=[builds_of("dnf", "All <Builds> of dnf")]))
    message = build.completed()
    instance.replay(message)
    mail = server.wait_for(address, build.summaries[1])
    assert {name: mail.get_all(name) for name in mail.keys() if name.startswith("X-F")} == {  # noqa: SIM118 - no dict
        "X-FMN-Message-Id": [message["msg_id"]],
        "X-Fedmsg-Topic": ["org.fedoraproject.prod.buildsys.build.state.change"],
        "X-Fedmsg-Category": ["buildsys"],
        "X-Fedmsg-Username": ["dino"],
        "X-Fedmsg-Package": ["dnf"],
        "X-Fedmsg-Num-Packages": ["1"],
    }
    assert (mail["Auto-Submitted"], mail["Precedence"]) == ("auto-generated", "bulk")
    assert mail["List-Id"].endswith(".dora.127.0.0.1>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["From"] == "FMN <fmn@example.org>"
    for text in (part(mail, "plain"), part(mail, "html").replace("&lt;", "<").replace("&gt;", ">")):
        assert build.summaries[1] in text.replace("&#39;", "'")
        assert "All <Builds> of dnf" in text
        assert all(rule in text for rule in RULES)
        assert mail["List-Unsubscribe"][1:-1] in text
        assert message["msg_id"] in text


def test_hostile_text_stays_text(instance: InstancePlace, server: MailServer) -> None:
    address, build, last = "eli@example.org", KojiBuild("expat", HOSTILE), KojiBuild("expat")
    instance.settings_of("eli", preference("email", address, filters=[builds_of("expat")]))
    instance.replay(build.started(), last.started())
    server.wait_for(address, last.summaries[0])
    mail, _ = server.to(address)
    assert mail["Subject"].startswith("eve Bcc: mallory@example.org QUIT :x")
    assert (mail["Bcc"], mail.defects) == (None, [])
    assert "<b>" in part(mail, "plain")
    assert "<b>" not in part(mail, "html")
    assert all(len(line) <= 998 for line in mail.as_bytes().splitlines())
    assert not server.to("mallory@example.org")


def test_one_click_switches_off_the_one_filter_within_a_second(instance: InstancePlace, server: MailServer) -> None:
    address, noisy, quiet = "emil@example.org", KojiBuild("emacs"), KojiBuild("eog")
    instance.settings_of("emil", preference("email", address, filters=[builds_of("emacs"), builds_of("eog")]))
    instance.replay(noisy.started())
    mail = server.wait_for(address, noisy.summaries[0])
    one_click = mail["List-Unsubscribe"][1:-1]
    assert visit(one_click)[0] == 200
    for _ in range(2):
        assert visit(one_click, {"List-Unsubscribe": "One-Click"}) == (200, "switched off: 'All Builds of emacs'\n")
    time.sleep(1)  # off means off within a second: this is what is promised
    instance.replay(noisy.completed(), quiet.started())
    server.wait_for(address, quiet.summaries[0])
    assert subjects(server.to(address)) == [noisy.summaries[0], quiet.summaries[0]]


def test_what_was_switched_off_on_the_page_can_be_undone_there(instance: InstancePlace, server: MailServer) -> None:
    address, build, other = "fred@example.org", KojiBuild("fish"), KojiBuild("fish")
    instance.settings_of("fred", preference("email", address, filters=[builds_of("fish")]))
    instance.replay(build.started())
    page_of = link(server.wait_for(address, build.summaries[0]), "unsubscribe")
    status, page = press(page_of, visit(page_of)[1], "unsubscribe")
    assert (status, heading(page)) == (200, "Switched off")
    assert "inactive" in instance.fmn("user", "show", "fred")
    status, page = press(page_of, page, "undo")
    assert (status, heading(page)) == (200, "On again")
    instance.settle()
    instance.replay(other.started())
    server.wait_for(address, other.summaries[0])


def test_what_is_collected_comes_as_one_and_one_alone_as_usual(instance: InstancePlace, server: MailServer) -> None:
    many, alone = [KojiBuild("gcc"), KojiBuild("gcc")], KojiBuild("gdb")
    by_count, by_time = {"on": True, "count": 3}, {"on": True, "every": 20.0}
    instance.settings_of("gina", preference("email", "gina@example.org", filters=[builds_of("gcc")], digest=by_count))
    instance.settings_of("gus", preference("email", "gus@example.org", filters=[builds_of("gdb")], digest=by_time))
    instance.replay(alone.started(), many[0].started(), many[1].started())
    eventually(lambda: len(instance.ledger("gina", "deferred")) == 2)
    assert {row["reason"] for row in instance.ledger("gus")} == {"collected: every 20 seconds"}
    assert not server.to("gina@example.org")
    instance.replay(many[1].completed())
    mail = server.wait_for("gina@example.org", "Digest: 3 notifications: gcc")
    for text in (part(mail, "plain"), part(mail, "html")):
        assert "gcc: 2 builds started, 1 completed" in text
        assert "All Builds of gcc" in text
        assert "as soon as there are 3" in text
        assert all(line in text.replace("&#39;", "'") for line in [*many[1].summaries, many[0].summaries[0]])
    assert len(mail.get_all("X-FMN-Message-Id")) == 3
    assert subjects([server.wait_for("gus@example.org", alone.summaries[0])]) == [alone.summaries[0]]
    eventually(lambda: len(instance.ledger("gina", "sent")) == 3)


def test_an_address_that_is_refused_is_left_alone_until_it_is_confirmed_anew(
    instance: InstancePlace, server: MailServer
) -> None:
    gone, other = "hal@example.org", "hal@example.net"
    first, second, third = KojiBuild("htop"), KojiBuild("htop"), KojiBuild("htop")
    instance.settings_of("hal", preference("email", gone, other, filters=[builds_of("htop")]))
    server.refused.add(gone)
    instance.replay(first.started())
    told = server.wait_for(other, f"Nothing is sent to {gone} any more")
    assert "nobody of that name" in part(told, "plain")
    (failed,) = eventually(lambda: instance.ledger("hal", "failed"))
    assert (failed["destination"], failed["summary"]) == (gone, first.summaries[0])
    assert "nobody of that name" in failed["reason"]
    assert f"to {gone} (suspended: " in instance.fmn("user", "show", "hal")
    server.refused.clear()
    instance.settle()
    instance.replay(second.started())
    server.wait_for(other, second.summaries[0])
    assert not server.to(gone)
    instance.fmn("destination", "ask", "hal", f"email={gone}")
    accept = link(server.wait_for(gone, "Confirm"), "confirm/accept")
    assert visit(accept, {})[0] == 200
    instance.settle()
    instance.replay(third.started())
    server.wait_for(gone, third.summaries[0])
    server.wait_for(other, third.summaries[0])
    assert len(server.to(gone)) == 2


@pytest.fixture
def browser() -> Iterator[Page]:
    """A page of a browser as it is on a phone, without scripts."""
    if CHROMIUM is None:
        reason = "chromium is not installed"
        pytest.fail(reason) if os.environ.get("FMN_TEST_REQUIRE_SERVICES") == "1" else pytest.skip(reason)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        phone = {"width": 360, "height": 640}
        yield running.new_context(java_script_enabled=False, viewport=phone).new_page()
        running.close()


def test_somebody_with_a_phone_says_yes_and_later_no(
    instance: InstancePlace, server: MailServer, browser: Page
) -> None:
    address, builds = "ida@example.org", [KojiBuild("inkscape") for _ in range(2)]
    instance.settings_of("ida", preference("email", filters=[builds_of("inkscape")]))
    instance.fmn("destination", "ask", "ida", f"email={address}")
    browser.goto(link(server.wait_for(address, "Confirm"), "confirm/accept"))
    browser.get_by_role("button", name="Yes").click()
    assert browser.locator("h1").inner_text() == "Confirmed"
    instance.settle()
    instance.replay(builds[0].started())
    browser.goto(link(server.wait_for(address, builds[0].summaries[0]), "unsubscribe"))
    browser.get_by_role("button", name="Switch off").click()
    assert browser.locator("h1").inner_text() == "Switched off"
    browser.get_by_role("button", name="Undo").click()
    assert browser.locator("h1").inner_text() == "On again"
    instance.settle()
    instance.replay(builds[1].started())
    server.wait_for(address, builds[1].summaries[0])
