"""Lines as people get them, and what they write back: an instance with Debian's ngircd and services on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from instance_place import InstancePlace, builds_of, heading, preference, press, visit
from irc_network import IrcServer, NickServ, Person
from koji_place import HOSTILE, KojiBuild
from mail_place import MailServer
from processes import eventually

PLUGINS = ["email", "irc", "koji", "generic"]
QUICK = {"host": "127.0.0.1", "rate": 1000.0, "burst": 1000, "pause": 0.1, "longest_pause": 0.5, "absent": 0.5}
#: what one destination gets before the rest is collected, for long enough that all falls into it
OVERFLOW = {"overflow_lines": 10, "overflow_seconds": 6.0}
#: another attempt comes soon, however many there were
SOON = {"attempts": 10_000, "first_delay": 0.2, "longest_delay": 0.5}
#: ends what is said of a rule
DIVIDER = "-*-*"
#: nobody shows that they are logged in but these
KNOWN = {"ivy", "jo", "kim", "lou", "mia"}


@pytest.fixture(scope="module")
def instance(
    tmp_path_factory: pytest.TempPathFactory, network: IrcServer, mail_server: MailServer
) -> Iterator[InstancePlace]:
    plugins = {"email": mail_server.section, "irc": {**QUICK, **OVERFLOW, "port": network.port}}
    folder = tmp_path_factory.mktemp("instance")
    with InstancePlace(folder, plugins={"enabled": PLUGINS}, plugin=plugins, delivery=SOON) as made:
        made.serve()
        yield made


@pytest.fixture(scope="module")
def services(network: IrcServer, instance: InstancePlace) -> Iterator[NickServ]:
    with NickServ(network.port, KNOWN) as running:
        with Person(network.port, "watcher") as watcher:
            watcher.awaits("fmn")
        yield running


@pytest.fixture
def person(network: IrcServer, services: NickServ) -> Iterator[Callable[..., Person]]:
    """Make people, who leave in the end."""
    with ExitStack() as stack:
        yield lambda *names, **more: stack.enter_context(Person(network.port, *names, **more))


def told(instance: InstancePlace, user: str, *filters: Any, **more: Any) -> None:
    """Let somebody be told on IRC, by the nick that is their name."""
    instance.settings_of(user, preference("irc", user, filters=filters, **more))


def summaries_of(lines: Iterable[str]) -> list[str]:
    """Return lines without what follows the link."""
    return [line.partition(" http")[0] for line in lines]


def test_a_nick_is_confirmed_by_a_private_message(instance: InstancePlace, person: Callable[..., Person]) -> None:
    instance.settings_of("ivy", preference("irc", filters=[builds_of("iotop")]))
    ivy, bystander, build = person("ivy"), person("jay"), KojiBuild("iotop")
    assert instance.rows("destination", "ask", "ivy", "irc=ivy")[0]["state"] == "pending"
    accept = re.search(r"http://\S+/confirm/accept/\S+", " ".join(ivy.hears("If somebody keeps asking")))
    assert accept
    page = visit(accept[0])[1]
    assert "not confirmed" in instance.fmn("user", "show", "ivy")
    status, page = press(accept[0], page, "accept")
    assert (status, heading(page)) == (200, "Confirmed")
    instance.settle()
    instance.replay(build.started(), build.completed())
    assert summaries_of(ivy.hears(build.summaries[1])) == build.summaries
    ivy.say("PRIVMSG jay :that is all")
    assert bystander.hears("all") == ["that is all"], "nobody else heard a word"


def test_who_is_not_logged_in_is_not_asked(instance: InstancePlace, person: Callable[..., Person]) -> None:
    instance.settings_of("thief", preference("irc"))
    person("thief")
    instance.fmn("destination", "ask", "thief", "irc=thief")
    (failed,) = eventually(lambda: instance.ledger("thief", "failed"))
    assert "'thief' is not logged in to services" in failed["reason"]
    assert instance.rows("destination", "list", "thief")[0]["state"] == "invalid"


def test_lines_have_colours_where_markup_is_on(instance: InstancePlace, person: Callable[..., Person]) -> None:
    build = KojiBuild("jq")
    told(instance, "jo", builds_of("jq"), presentation={"markup_messages": True})
    jo = person("jo")
    instance.replay(build.started(), build.completed())
    for line, summary in zip(jo.hears(build.summaries[1]), build.summaries, strict=True):
        title = "\x0308buildsys.build.state.change\x03"
        page = r"\x0310http://koji\.fedoraproject\.org/koji/buildinfo\?buildID=\d+\x03"
        why = r"    \( triggered by http://127\.0\.0\.1:\d+/jo/irc/\d+ \)"
        assert re.fullmatch(f"{re.escape(f'{title} -- {summary}')} {page}{why}", line), line


def test_hostile_text_is_one_line(instance: InstancePlace, person: Callable[..., Person]) -> None:
    build, last = KojiBuild("sed", HOSTILE), KojiBuild("sed")
    told(instance, "sue", builds_of("sed"))
    sue = person("sue")
    instance.replay(build.started(), last.started())
    first, second = sue.hears(last.summaries[0])
    assert first.startswith("eve Bcc: mallory@example.org QUIT :x")
    assert not set(first) & set("\x00\x01\x03\x1b\r\n\u2028")
    assert len(first.encode()) < 512
    assert second.startswith(last.summaries[0])


def test_people_can_ask_what_they_get_and_why(instance: InstancePlace, person: Callable[..., Person]) -> None:
    muted, other = KojiBuild("kde"), KojiBuild("kde")
    told(instance, "kim", builds_of("kde", "My KDE Builds"))
    kim = person("kim")
    instance.replay(muted.started())
    kim.hears(muted.summaries[0])
    assert any("mute [THREAD]" in line for line in kim.asks("help", "Your settings: http://127.0.0.1:"))
    first, *rules = kim.asks('list filters "My KDE Builds"', DIVIDER) + kim.hears(DIVIDER) + kim.hears(DIVIDER)
    assert first == "Filter 'My KDE Builds' has 3 rules"
    assert {"  package - kde", "not Build deleted", "Build, any state"} <= set(rules)
    why = kim.asks("why", "thread koji/primary/build/")
    assert why[0] == muted.summaries[0]
    assert "  your filter 'My KDE Builds' asked for it; as it is now:" in why
    assert "    - not Build deleted" in why
    assert kim.asks("mute for 2h", "To hear of it again")[0].startswith("Muted until ")
    instance.settle()
    instance.replay(muted.completed(), other.started())
    assert len(kim.hears(other.summaries[0])) == 1
    assert {row["reason"][:19] for row in instance.ledger("kim", "suppressed")} <= {"its thread is muted"}


def test_people_can_stop_it_and_collect_it(
    instance: InstancePlace, mail_server: MailServer, person: Callable[..., Person]
) -> None:
    builds = [KojiBuild("lua") for _ in range(4)]
    told(instance, "lou", builds_of("lua"))
    instance.settings_of("lin", preference("email", "lin@example.org", filters=[builds_of("lua")]))
    lou = person("lou")
    assert lou.asks("stop", "OK") == ["OK"]
    instance.settle()
    instance.replay(builds[0].started())
    mail_server.wait_for("lin@example.org", builds[0].summaries[0])
    assert lou.asks("start", "OK") == ["OK"]
    assert lou.asks("digest on 1h", "collected")[-1] == "Notifications are collected, and sent together: every hour."
    instance.settle()
    instance.replay(builds[1].started(), builds[2].started())
    eventually(lambda: len(instance.ledger("lou", "deferred")) == 2)
    answer = lou.asks("digest off", "2 notifications")
    assert answer[:2] == ["OK", "Notifications are sent one by one: at once."]
    assert answer[2].startswith("2 notifications: lua (collecting was switched off)    ( triggered by ")
    assert lou.hears("lua:")[0].startswith("lua: 2 builds started")
    instance.settle()
    instance.replay(builds[3].started())
    assert lou.hears(builds[3].summaries[0])[-1].startswith(builds[3].summaries[0])


def test_whoever_has_a_nick_is_not_its_owner(instance: InstancePlace, person: Callable[..., Person]) -> None:
    build = KojiBuild("nano")
    told(instance, "nan", builds_of("nano"))
    somebody = person("nan")
    refused = "I cannot be sure who you are"
    for command in ("stop", "list filters", "why", "mute koji"):
        (answer,) = somebody.asks(command)
        assert answer.startswith(refused)
    assert "You can say to me:" in somebody.asks("help", "Your settings")
    assert "irc: on" in instance.fmn("user", "show", "nan")
    instance.replay(build.started())
    somebody.hears(build.summaries[0])


def test_a_channel_is_told(instance: InstancePlace, person: Callable[..., Person]) -> None:
    build = KojiBuild("octave")
    instance.settings_of("team", preference("irc", filters=[builds_of("octave")]))
    instance.fmn("destination", "accept", "team", "irc=#octave")
    instance.settle()
    inside = person("oli", channel="#octave")
    instance.replay(build.started(), build.completed())
    assert summaries_of(inside.hears(build.summaries[1])) == build.summaries


def test_what_comes_while_a_nick_is_away_waits_for_it(instance: InstancePlace, person: Callable[..., Person]) -> None:
    builds = [KojiBuild("mc") for _ in range(4)]
    told(instance, "mia", builds_of("mc"))
    before = person("mia")
    instance.replay(builds[0].started())
    before.hears(builds[0].summaries[0])
    before.quits()
    instance.replay(*(build.started() for build in builds[1:]))
    eventually(lambda: len(instance.ledger("mia", "deferred")) == 3)
    somebody = person("mia2")
    after = person("mia")
    assert summaries_of(after.hears(builds[-1].summaries[0])) == [build.summaries[0] for build in builds[1:]]
    somebody.say("PRIVMSG mia2 :done")
    assert somebody.hears("done") == ["done"], "nothing followed to another nick"


def test_who_cannot_be_reached_by_mail_is_told_on_irc(
    instance: InstancePlace, mail_server: MailServer, person: Callable[..., Person]
) -> None:
    address, build = "pat@example.org", KojiBuild("perl")
    mail_server.refused.add(address)
    told_by = preference("email", address, filters=[builds_of("perl")]), preference("irc", "pat")
    instance.settings_of("pat", *told_by)
    pat = person("pat")
    instance.replay(build.started())
    assert pat.hears("was refused")[0] == f"Nothing is sent to {address} any more"
    assert "nobody of that name" in pat.hears("nobody")[-1]
    assert "suspended" in instance.fmn("user", "show", "pat")


@pytest.fixture(scope="module")
def shaky(tmp_path_factory: pytest.TempPathFactory, network: IrcServer) -> Iterator[tuple[InstancePlace, IrcServer]]:
    """An instance on a server that tests may kill; lines go one after the other, so that something is always left."""
    folder = tmp_path_factory.mktemp("shaky")
    slow = {**QUICK, **OVERFLOW, "rate": 50.0, "burst": 1}
    with IrcServer(folder) as server:
        irc = {**slow, "port": server.port}
        with InstancePlace(folder, plugins={"enabled": PLUGINS[1:]}, plugin={"irc": irc}, delivery=SOON) as made:
            made.serve()
            yield made, server


def test_while_the_server_is_away_nothing_is_lost(shaky: tuple[InstancePlace, IrcServer]) -> None:
    instance, server = shaky
    builds = [KojiBuild("qemu") for _ in range(30)]
    told(instance, "quinn", builds_of("qemu"))
    with Person(server.port, "quinn") as before:
        before.awaits("fmn")
        instance.replay(builds[0].started())
        heard = before.hears(builds[0].summaries[0])
        eventually(lambda: len(instance.ledger("quinn", "sent")) == 1)
        server.kill()
    instance.replay(*(build.started() for build in builds[1:]))
    eventually(lambda: len(instance.ledger("quinn", "deferred")) > 1)
    server.start()
    with Person(server.port, "quinn") as after:
        heard += after.hears(" notifications: qemu (there was much at once)")
        *single, digest = summaries_of(heard)
        assert single == [build.summaries[0] for build in builds[: len(single)]]
        assert digest.startswith(f"{30 - len(single)} notifications: qemu")
        eventually(lambda: len(instance.ledger("quinn", "sent")) == 30)
        after.say("PRIVMSG quinn :done")
        assert summaries_of(after.hears("done")) == [f"qemu: {30 - len(single)} builds started", "done"]


def test_a_server_that_dies_over_a_line_repeats_that_one_at_most(shaky: tuple[InstancePlace, IrcServer]) -> None:
    instance, server = shaky
    builds = [KojiBuild("ruby") for _ in range(9)]
    told(instance, "rob", builds_of("ruby"))
    with Person(server.port, "rob") as before:
        before.awaits("fmn")
        instance.replay(*(build.started() for build in builds))
        heard = before.hears(builds[3].summaries[0])
        server.kill()
        heard += before.hears_the_rest()
    server.start()
    with Person(server.port, "rob") as after:
        again = after.hears(builds[-1].summaries[0])
    repeated = again[:1] if again[0] == heard[-1] else []
    assert summaries_of(heard + again[len(repeated) :]) == [build.summaries[0] for build in builds]
    eventually(lambda: len(instance.ledger("rob", "sent")) == 9)
