"""The demo's messages: a quiet hour of everything, then a mass rebuild. The same for the same seed. Floor F4."""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fmn_core.model import Message

from . import events as say
from .chatter import chatter
from .events import BUILDING, CANCELLED, COMPLETE, FAILED, Build, Event

SEED = 2016
#: seconds of the quiet hour, and of the mass rebuild after it
HOUR, REBUILD = 3600.0, 900.0
#: scenes of the quiet hour; most have several messages
SCENES = 110
PREFIX = "org.fedoraproject.prod"
RELEASE, TAG = "fc43", "f43"

#: seconds after the scene began, and what is said then
Timed = tuple[float, Event]


@dataclass
class Stage:
    """What scenes choose from: packages, people, and numbers that only ever grow."""

    rng: random.Random
    packages: Sequence[str]
    people: Sequence[str]
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(2_900_001))

    def package(self) -> str:
        """Return a package."""
        return self.rng.choice(self.packages)

    def person(self) -> str:
        """Return somebody."""
        return self.rng.choice(self.people)

    def version(self) -> str:
        """Return a version."""
        return f"{self.rng.randrange(1, 9)}.{self.rng.randrange(30)}"

    def build(self, package: str, release: int, owner: str) -> Build:
        """Return a new build of a package."""
        return Build(next(self.numbers), package, self.version(), f"{release}.{RELEASE}", owner)


@dataclass(frozen=True)
class Act:
    """A part of the play.

    :param messages: oldest first
    :param rate: messages a second that can be watched; None for as many as there can be
    """

    title: str
    messages: Sequence[Message]
    rate: float | None = None


def sample_messages(packages: Sequence[str], people: Sequence[str], end: datetime, seed: int = SEED) -> list[Act]:
    """Write the messages of the demo.

    :param packages: what is built, released and asked for
    :param people: who does it
    :param end: when the last thing happened; nothing else depends on it
    """
    rng = random.Random(seed)
    stage = Stage(rng, packages, people)
    rebuild = end - timedelta(seconds=REBUILD)
    hour = rebuild - timedelta(seconds=HOUR)
    return [
        Act("a quiet hour", _messages(rng, hour, quiet_hour(stage)), rate=25),
        Act("a mass rebuild", _messages(rng, rebuild, mass_rebuild(stage))),
    ]


def _messages(rng: random.Random, start: datetime, scenes: Iterable[Timed]) -> list[Message]:
    timed = sorted(scenes, key=lambda one: one[0])
    return [_message(rng, event, start + timedelta(seconds=seconds)) for seconds, event in timed]


def _message(rng: random.Random, event: Event, sent_at: datetime) -> Message:
    topic, body = event
    return Message(str(uuid.UUID(int=rng.getrandbits(128), version=4)), f"{PREFIX}.{topic}", body, sent_at=sent_at)


def quiet_hour(stage: Stage) -> Iterator[Timed]:
    """Play scenes at any moment of an hour."""
    kinds, weights = zip(*WEIGHTS.items(), strict=True)
    for scene in stage.rng.choices(kinds, weights, k=SCENES):
        begin = stage.rng.uniform(0, HOUR - 300)
        for later, event in scene(stage):
            yield begin + later, event


def mass_rebuild(stage: Stage) -> Iterator[Timed]:
    """Rebuild every package, one starting soon after the other, in front of everybody at once."""
    pause = (REBUILD - 320) / len(stage.packages)
    for turn, package in enumerate(stage.packages):
        build = stage.build(package, stage.rng.randrange(2, 20), "rebuilder")
        for later, event in _built(stage, build, f"{TAG}-rebuild", good=0.85):
            yield turn * pause + later, event


def _built(stage: Stage, build: Build, tag: str, good: float) -> Iterator[Timed]:
    took = stage.rng.uniform(40, 300)
    end = COMPLETE if stage.rng.random() < good else stage.rng.choice((FAILED, FAILED, FAILED, CANCELLED))
    yield 0, say.build_state(build, None, BUILDING)
    yield took, say.build_state(build, BUILDING, end)
    if end == COMPLETE:
        yield took + 5, say.tagged(build, tag)


def _build(stage: Stage) -> Iterator[Timed]:
    build = stage.build(stage.package(), stage.rng.randrange(1, 5), stage.person())
    return _built(stage, build, f"{TAG}-updates-candidate", good=0.8)


def _scratch(stage: Stage) -> Iterator[Timed]:
    build = stage.build(stage.package(), 1, stage.person())
    yield 0, say.scratch(build, "FREE", "OPEN")
    yield stage.rng.uniform(30, 250), say.scratch(build, "OPEN", stage.rng.choice(("CLOSED", "CLOSED", "FAILED")))


def _repository(stage: Stage) -> Iterator[Timed]:
    number = next(stage.numbers)
    yield 0, say.repository("init", f"{TAG}-build", number)
    yield stage.rng.uniform(60, 200), say.repository("done", f"{TAG}-build", number)


def _release(stage: Stage) -> Iterator[Timed]:
    distribution = stage.rng.choice(("Fedora", "Fedora", "Fedora", "Debian"))
    old = stage.version()
    yield 0, say.new_version(stage.package(), next(stage.numbers), old, f"{old}.1", distribution)


def _request(stage: Stage) -> Iterator[Timed]:
    ask = stage.rng.choice((say.new_package_requested, say.branch_requested))
    agent, package, branch = stage.person(), stage.package(), stage.rng.choice(("f42", "f43", "epel10"))
    yield 0, ask(agent, package, branch)
    if ask is say.branch_requested:
        answer = stage.rng.choice(("Approved", "Denied"))
        yield 200, say.request_decided("admin", package, branch, next(stage.numbers), answer)


def _access(stage: Stage) -> Iterator[Timed]:
    agent, package, right = stage.person(), stage.package(), stage.rng.choice(("commit", "watchcommits"))
    yield 0, say.access(agent, package, "rawhide", right, "Awaiting Review")
    yield 240, say.access(agent, package, "rawhide", right, "Approved")


def _described(stage: Stage) -> Iterator[Timed]:
    yield 0, say.package_described("description-updater", stage.package())


def _chatter(stage: Stage) -> Iterator[Timed]:
    yield 0, chatter(stage.rng, stage.package(), stage.person())


#: how often each scene is played, in relation to the others
WEIGHTS: dict[Callable[[Stage], Iterator[Timed]], int] = {
    _build: 20, _scratch: 8, _repository: 5, _release: 16, _request: 14, _access: 8, _described: 4, _chatter: 25,
}  # fmt: skip
