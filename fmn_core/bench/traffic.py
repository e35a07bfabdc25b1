"""Messages in the mix of the real bus: mostly Koji and what follows a build, and a little of everything. Floor F4.

Few numbers of the bus are public: some 65,000 messages a day, of them 2,500 changes of a build's state and as many of
Copr's. The weights below are set after these and after what each application publishes; they are an estimate.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fmn_core.model import Message

Fields = dict[str, Any]
Maker = Callable[["World"], Fields]

_START = datetime(2026, 1, 1, tzinfo=UTC)


class World:
    """Of what and whom messages speak.

    :param owners: package -> accounts, empty where nobody maintains it
    """

    def __init__(self, owners: Mapping[str, Sequence[str]], rng: random.Random) -> None:
        self.rng = rng
        self._owners = owners
        self._packages = list(owners)
        self._maintainers = sorted({name for names in owners.values() for name in names}) or ["nobody"]

    def package_and_user(self) -> tuple[str, str]:
        """Return a package and who works on it: mostly its maintainer, sometimes another one or a script."""
        package = self.rng.choice(self._packages)
        names = self._owners[package]
        chance = self.rng.random()
        if names and chance < 0.6:
            return package, self.rng.choice(names)
        return package, "releng" if chance < 0.9 else self.user()

    def user(self) -> str:
        """Return anybody who maintains something."""
        return self.rng.choice(self._maintainers)

    def number(self) -> int:
        """Return an id."""
        return self.rng.randrange(100_000, 3_000_000)


def _build(world: World, **more: Any) -> Fields:
    package, user = world.package_and_user()
    return {
        "name": package,
        "version": f"{world.rng.randrange(9)}.{world.rng.randrange(90)}",
        "release": f"{world.rng.randrange(1, 9)}.fc44",
        "owner": user,
        "build_id": world.number(),
        "task_id": world.number(),
        "instance": "primary",
        **more,
    }


def _state(old: int | None, new: int) -> Maker:
    return lambda world: _build(world, attribute="state", old=old, new=new, epoch=None, request=[f"git#{new}"])


def _scratch(world: World) -> Fields:
    package, user = world.package_and_user()
    new = world.rng.choice(["OPEN", "CLOSED", "FAILED"])
    info = {"request": [f"cli-build/{package}.src.rpm", "f44-candidate", {"scratch": True}], "id": world.number()}
    return {
        "attribute": "state", "old": "FREE", "new": new, "method": "build", "owner": user,
        "srpm": f"{package}-1-1.src.rpm", "id": world.number(), "info": info, "instance": "primary",
    }  # fmt: skip


def _tag(world: World) -> Fields:
    return _build(world, tag=world.rng.choice(["f44-pending", "f44-updates", "rawhide"]), tag_id=1, user="bodhi")


def _repo(world: World) -> Fields:
    return {"tag": "f44-build", "tag_id": 7, "repo_id": world.number(), "instance": "primary"}


def _sign(world: World) -> Fields:
    build = _build(world)
    rpm = {"name": build["name"], "version": "1", "release": "1", "arch": "x86_64", "build_id": build["build_id"]}
    return {"rpm": rpm, "sigkey": "a1b2c3d4", "sighash": "0" * 32, "build": build, "instance": "primary"}


def _list_change(world: World) -> Fields:
    package, user = world.package_and_user()
    return {"tag": "f44", "package": package, "owner": user, "action": "add", "instance": "primary"}


def _pkgdb(world: World) -> Fields:
    package, user = world.package_and_user()
    listing = {"package": {"name": package, "namespace": "rpms"}, "collection": {"branchname": "master"}}
    return {"agent": user, "username": world.user(), "acl": "commit", "status": "Approved", "package_listing": listing}


def _anitya(world: World) -> Fields:
    package, _ = world.package_and_user()
    project = {"id": world.number(), "name": package, "homepage": f"https://example.org/{package}", "version": "2.0"}
    known = [{"package_name": package, "distro": "Fedora"}] if world.rng.random() < 0.7 else []
    said = {"agent": "anitya", "old_version": "1.9", "upstream_version": "2.0", "packages": known, "project": project}
    return {"project": project, "distro": None, "message": said}


def _other(world: World) -> Fields:
    package, user = world.package_and_user()
    return {
        "agent": user,
        "update": {"title": f"{package}-1.0-1.fc44", "user": {"name": user}, "karma": 1, "notes": "new release " * 9},
        "repo": {"name": package, "namespace": "rpms", "branch": world.rng.choice(["rawhide", "f43", "f42"])},
        "status": world.rng.choice(["running", "complete", "error"]),
        "id": world.number(),
    }


FEDORA, ANITYA, PAGURE, CENTOS = (
    "org.fedoraproject.prod",
    "org.release-monitoring.prod",
    "io.pagure.prod",
    "org.centos.prod",
)

#: weight, topic and what makes a body
TOPICS: tuple[tuple[int, str, Maker], ...] = (
    (42, f"{FEDORA}.buildsys.build.state.change", _state(None, 0)),
    (34, f"{FEDORA}.buildsys.build.state.change", _state(0, 1)),
    (8, f"{FEDORA}.buildsys.build.state.change", _state(0, 3)),
    (1, f"{FEDORA}.buildsys.build.state.change", _state(0, 4)),
    (40, f"{FEDORA}.buildsys.task.state.change", _scratch),
    (110, f"{FEDORA}.buildsys.tag", _tag),
    (60, f"{FEDORA}.buildsys.untag", _tag),
    (5, f"{FEDORA}.buildsys.package.list.change", _list_change),
    (35, f"{FEDORA}.buildsys.repo.init", _repo),
    (35, f"{FEDORA}.buildsys.repo.done", _repo),
    (60, f"{FEDORA}.buildsys.rpm.sign", _sign),
    (3, f"{FEDORA}.pkgdb.acl.update", _pkgdb),
    (2, f"{FEDORA}.pkgdb.package.update.status", _pkgdb),
    (1, f"{FEDORA}.pkgdb.owner.update", _pkgdb),
    (14, f"{ANITYA}.anitya.project.version.update", _anitya),
    (14, f"{ANITYA}.anitya.project.version.update.v2", _anitya),
    (2, f"{ANITYA}.anitya.project.map.new", _anitya),
    (2, f"{ANITYA}.anitya.project.add", _anitya),
    (45, f"{FEDORA}.copr.build.start", _other),
    (45, f"{FEDORA}.copr.build.end", _other),
    (60, f"{FEDORA}.copr.chroot.start", _other),
    (40, f"{FEDORA}.pagure.git.receive", _other),
    (12, f"{FEDORA}.pagure.pull-request.comment.added", _other),
    (6, f"{FEDORA}.pagure.pull-request.new", _other),
    (10, f"{PAGURE}.pagure.issue.comment.added", _other),
    (8, f"{PAGURE}.pagure.git.receive", _other),
    (2, f"{FEDORA}.git.receive", _other),
    (15, f"{FEDORA}.bodhi.update.comment", _other),
    (6, f"{FEDORA}.bodhi.update.request.testing", _other),
    (5, f"{FEDORA}.bodhi.update.request.stable", _other),
    (10, f"{FEDORA}.bodhi.update.status.testing.v1", _other),
    (60, f"{CENTOS}.ci.koji-build.test.complete", _other),
    (50, f"{CENTOS}.ci.koji-build.test.running", _other),
    (40, f"{FEDORA}.greenwave.decision.update", _other),
    (30, f"{FEDORA}.openqa.job.done", _other),
    (20, f"{FEDORA}.koschei.package.state.change", _other),
    (6, f"{FEDORA}.hotness.update.bug.file", _other),
    (10, f"{FEDORA}.bugzilla.bug.update", _other),
    (6, f"{FEDORA}.compose.rawhide.complete", _other),
    (10, f"{FEDORA}.github.push", _other),
    (8, f"{FEDORA}.fedbadges.badge.award", _other),
    (8, f"{FEDORA}.mailman.receive", _other),
    (4, f"{FEDORA}.meetbot.meeting.item.info", _other),
    (3, f"{FEDORA}.wiki.article.edit", _other),
    (10, f"{FEDORA}.resultsdb.result.new", _other),
)


def made_up(world: World) -> Iterator[Message]:
    """Make messages without end."""
    weights = [weight for weight, _, _ in TOPICS]
    for number in _naturals():
        ((_, topic, maker),) = world.rng.choices(TOPICS, weights)
        yield _message(topic, maker(world), number, world.rng)


def recorded(templates: Sequence[Message], rng: random.Random) -> Iterator[Message]:
    """Make messages without end, each a copy of a recorded one under an id of its own."""
    texts = [(one.topic, json.dumps(dict(one.body))) for one in templates]
    for number in _naturals():
        topic, text = rng.choice(texts)
        yield _message(topic, json.loads(text), number, rng)


def _naturals() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def _message(topic: str, body: Fields, number: int, rng: random.Random) -> Message:
    moment = _START + timedelta(seconds=number * 1.33)
    headers = {"sent-at": moment.isoformat(), "fedora_messaging_severity": 20}
    # a topic of its own, as one that was just read from the bus has
    own = "".join((topic[:1], topic[1:]))
    return Message(str(uuid.UUID(int=rng.getrandbits(128), version=4)), own, body, headers, moment)
