"""The journey: somebody new, with a phone, makes the three wishes of the start page, and lives with them for a while.

Real parts all the way: stages, pages and live events as processes, an IRC network, a mail server, a browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from instance_place import InstancePlace
from irc_network import IrcServer, NickServ, Person
from koji_place import KojiBuild, today
from mail_place import MailServer, link
from playwright.sync_api import Browser, Page, expect
from processes import free_ports

from fmn_core.demo.events import branch_requested, new_version

IRC = {"host": "127.0.0.1", "rate": 1000.0, "burst": 1000, "pause": 0.1, "longest_pause": 0.5, "absent": 0.5}
OWNERSHIP = '[maintainers]\ngnarl = { robin = "owner" }\nother = { sam = "owner" }\n'
DEFAULTS = ("Events on packages that I own", "Events referring to my username")
WIDTH = 360


class Phone:
    """A browser on a small screen.

    :ivar errors: what went wrong in scripts, or was refused
    """

    def __init__(self, page: Page, home: str) -> None:
        self.page, self.home, self.errors = page, home, list[str]()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)

    def press(self, name: str, within: str = "main") -> None:
        """Press a button or a link, by what it is called."""
        place = self.page.locator(within)
        button, link_ = (place.get_by_role(role, name=name, exact=True) for role in ("button", "link"))
        button.or_(link_).first.click()
        self.page.wait_for_load_state()
        assert self.page.evaluate("document.documentElement.scrollWidth") <= WIDTH, f"too wide after {name!r}"

    def go(self, name: str) -> None:
        """Choose a page of the navigation."""
        self.press(name, "nav")

    def sees(self, text: str, within: str = "main") -> None:
        """Wait until something is shown."""
        expect(self.page.locator(within).first).to_contain_text(text)

    def opens(self, url: str) -> None:
        """Follow a link from elsewhere."""
        self.page.goto(url)

    def wishes(self, card: str, name: str, *rules: tuple[str, str]) -> None:
        """Put a filter together: look for each rule by a few words, add it, look at the forecast, save.

        :param rules: what is searched for, and the title that is chosen
        """
        self.press("New filter", f"#{card}")
        for number, (words, title) in enumerate(rules):
            if number:
                self.page.get_by_text("Add a rule").click()
            self.page.get_by_label("Search rules").fill(words)
            self.press(f"Add {title}")
        self.sees("1 of the", "#forecast")
        self.page.get_by_label("Name", exact=True).fill(name)
        self.press("Save")
        self.sees(f"Filter “{name}” was saved")


@pytest.fixture(scope="module")
def instance(
    tmp_path_factory: pytest.TempPathFactory, network: IrcServer, mail_server: MailServer
) -> Iterator[InstancePlace]:
    folder: Path = tmp_path_factory.mktemp("instance")
    (folder / "ownership.toml").write_text(OWNERSHIP)
    plugins = {"email": mail_server.section, "irc": {**IRC, "port": network.port}, "sse": {"port": free_ports(1)}}
    with InstancePlace(folder, plugin=plugins, web={"demo_login": True}) as made:
        made.serve()
        made.start("sse")
        yield made


@pytest.fixture
def phone(instance: InstancePlace, chromium: Browser) -> Phone:
    page = chromium.new_page(viewport={"width": WIDTH, "height": 740}, has_touch=True, is_mobile=True)
    page.set_default_timeout(30_000)
    return Phone(page, instance.base_url)


def test_three_wishes_on_a_phone(
    instance: InstancePlace, network: IrcServer, mail_server: MailServer, phone: Phone
) -> None:
    past, build = KojiBuild("gnarl"), KojiBuild("gnarl")
    instance.replay(past.started(), past.completed(), KojiBuild("other").completed())
    instance.replay(today(*new_version("gnarl", 7, "1", "2")), today(*branch_requested("sam", "gnarl", "f43")))
    with NickServ(network.port, {"robin"}), Person(network.port, "robin") as robin:
        arrive(phone)
        confirm_addresses(phone, mail_server, robin)
        make_wishes(phone)
        instance.settle()
        live(instance, phone, build, robin)
        understand_and_mute(instance, phone, robin)
        unsubscribe_and_undo(instance, phone, mail_server)
    assert phone.errors == []


def arrive(phone: Phone) -> None:
    """Come by, and log in for the first time."""
    phone.opens(phone.home)
    phone.sees("every package I maintain that has built")
    phone.press("Log in and choose")
    phone.page.get_by_label("Name", exact=True).fill("robin")
    phone.page.get_by_label("Mail address, if this is a new account").fill("robin@example.org")
    phone.press("Log in")
    phone.sees("My notifications")


def confirm_addresses(phone: Phone, mail_server: MailServer, robin: Person) -> None:
    """Have the own mail address confirmed, which was asked at once, and a nick."""
    phone.opens(link(mail_server.wait_for("robin@example.org", "Confirm"), "confirm"))
    phone.press("Yes, that is me: send them")
    phone.sees("notifications there were switched on")
    phone.opens(f"{phone.home}notifications")
    phone.page.locator("#irc").get_by_label("Another nick or #channel").fill("robin")
    phone.press("Add", "#irc")
    heard = " ".join(robin.hears("If somebody keeps asking"))
    found = re.search(r"http://\S+/confirm/accept/\S+", heard)
    assert found, heard
    phone.opens(found[0])
    phone.press("Yes, that is me: send them")
    phone.opens(f"{phone.home}notifications")


def make_wishes(phone: Phone) -> None:
    """Say the three things of the start page, and have the first one live, too."""
    for card in ("irc", "email"):
        for name in DEFAULTS:
            phone.press(f"Switch off {name}", f"#{card}")
    mine = ("user's packages any role", "About a user's packages, in any role")
    phone.wishes("irc", "My builds", ("build completed", "Build completed"), mine)
    phone.wishes("email", "Requests", ("branch request", "Branch requested"), mine)
    phone.wishes("irc", "New versions", ("upstream release", "New upstream release"), mine)
    filter_ = phone.page.locator("#irc .filters > li").filter(has_text="My builds")
    filter_.get_by_text("More", exact=True).click()
    filter_.get_by_role("button", name=re.compile("^Copy to .*ive")).click()
    phone.press("Switch on Live events", "#sse")


def live(instance: InstancePlace, phone: Phone, build: KojiBuild, robin: Person) -> None:
    """See a build arrive live, on IRC and in the history."""
    phone.go("Live")
    phone.sees("Connected")
    instance.settle()
    instance.replay(build.started(), build.completed(), KojiBuild("other").completed())
    phone.sees(build.summaries[1])
    assert robin.hears(build.summaries[1])[-1].startswith(build.summaries[1])
    phone.go("History")
    phone.sees(build.summaries[1])


def understand_and_mute(instance: InstancePlace, phone: Phone, robin: Person) -> None:
    """Ask why something came, and hear no more of it."""
    instance.replay(today(*new_version("gnarl", 7, "2", "3")))
    robin.hears("gnarl")
    phone.go("History")
    row = phone.page.locator("main li").filter(has_text="gnarl").filter(has_text="New versions").first
    row.get_by_role("link", name=re.compile("^Why")).click()
    phone.sees("because of your filter New versions")
    phone.sees("As your preferences are now")
    phone.press("Mute this thread for a day")
    instance.settle()
    build = KojiBuild("gnarl")
    instance.replay(today(*new_version("gnarl", 7, "3", "4")), build.completed())
    assert len(robin.hears(build.summaries[1])) == 1, "nothing of the muted thread"
    phone.go("History")
    phone.sees("its thread is muted")
    phone.press("Hear of it again")
    instance.settle()
    instance.replay(today(*new_version("gnarl", 7, "4", "5")))
    robin.hears("gnarl")


def unsubscribe_and_undo(instance: InstancePlace, phone: Phone, mail_server: MailServer) -> None:
    """Switch a filter off by the link in a mail, without a login, and take it back on the page of changes."""
    instance.replay(today(*branch_requested("sam", "gnarl", "f44")))
    mail = mail_server.wait_for("robin@example.org", "gnarl")
    phone.opens(re.findall(r"<(http[^>]+)>", str(mail["List-Unsubscribe"]))[0])
    phone.press("Switch off")
    phone.sees("no more will come of it")
    phone.opens(f"{phone.home}changes")
    phone.sees("by a link in a message")
    phone.sees("Filter “Requests”: switched off")
    phone.page.get_by_role("button", name=re.compile("^Undo")).first.click()
    phone.sees("It is again as it was")
    instance.settle()
    instance.replay(today(*branch_requested("sam", "gnarl", "f45")))
    mail_server.wait_for("robin@example.org", "f45")
