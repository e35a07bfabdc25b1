"""Measures matching: how many messages a second one core brings from normal form to recipients. Floor F4."""

from __future__ import annotations

import itertools
import random
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fmn_core.app import ENGINES
from fmn_core.errors import DecodeError, UsageError
from fmn_core.following import loading
from fmn_core.matching import Matcher
from fmn_core.messages import read_messages
from fmn_core.model import Message, Preference
from fmn_core.plugins import PluginRegistry
from fmn_core.snapshot import Snapshot
from fmn_core.summaries import SummaryBook

from . import ownership, traffic
from .people import GROUP_SIZE, GROUPS, People

#: messages made at once, outside of the measured time
BATCH = 1_000
#: what a run of the linear engine is cut to: it asks so many users in all, which takes some seconds
LINEAR_ASKED = 300_000
MESSAGES = 50_000

Recipient = tuple[str, str, str]


@dataclass(frozen=True)
class Result:
    """What ``fmn bench match`` prints."""

    engine: str
    users: int
    filters: int
    messages: int
    recipients_per_message: float
    messages_per_second: float
    build_seconds: float
    max_rss_mb: float


def measure_match(
    registry: PluginRegistry,
    engine: str,
    users: int,
    messages: int | None = None,
    seed: int = 1,
    alias: Path | None = None,
    topics: Path | None = None,
) -> Result:
    """Make people and messages, let an engine match them, and measure it in seconds of one core.

    :param messages: how many; None for as many as take some seconds
    :param alias: a published alias file to take ownership from
    :param topics: recorded messages to take topics and bodies from
    """
    rng = random.Random(seed)
    owners = ownership.read_alias(alias) if alias else ownership.made_up(rng)
    names = everybody(owners, users)
    groups = {f"group{n}": rng.sample(names[:1000], min(GROUP_SIZE, len(names))) for n in range(GROUPS)}
    matcher = ENGINES[engine](registry.rules, Snapshot([ownership.lookup_data(owners, groups)]))
    people = People(names, list(owners), registry.defaults, registry.rules)
    build_seconds, filters = fill(matcher, people.preferences(rng))
    count = messages or usual_messages(engine, users)
    stream = _stream(owners, topics, rng)
    seconds, recipients = _run(matcher, registry.summaries, itertools.islice(stream, count))
    return Result(
        engine, users, filters, count, round(recipients / count, 3), round(count / seconds, 2),
        round(build_seconds, 3), round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )  # fmt: skip


def usual_messages(engine: str, users: int) -> int:
    """Return how many messages take some seconds."""
    return MESSAGES if engine == "index" else max(5, LINEAR_ASKED // users)


def everybody(owners: ownership.Owners, users: int) -> list[str]:
    """Return the names of so many users: maintainers in an order of their own, then people who maintain nothing."""
    maintainers = sorted({name for names in owners.values() for name in names})
    random.Random(0).shuffle(maintainers)
    return maintainers[:users] + [f"user{number}" for number in range(users - len(maintainers))]


def fill(matcher: Matcher, preferences: Iterator[Preference]) -> tuple[float, int]:
    """Give an engine its people, and return the seconds of one core that it took, and the number of filters."""
    seconds, filters = 0.0, 0
    with loading():
        while batch := list(itertools.islice(preferences, BATCH)):
            started = time.process_time()
            for one in batch:
                matcher.put(one)
            seconds += time.process_time() - started
            filters += sum(len(one.filters) for one in batch)
    return seconds, filters


def _stream(owners: ownership.Owners, topics: Path | None, rng: random.Random) -> Iterator[Message]:
    if topics is None:
        return traffic.made_up(traffic.World(owners, rng))
    templates = [one for _, one in read_messages(topics) if not isinstance(one, DecodeError)]
    if not templates:
        raise UsageError(f"file {str(topics)!r} holds no messages")
    return traffic.recorded(templates, rng)


def _run(matcher: Matcher, summaries: SummaryBook, messages: Iterator[Message]) -> tuple[float, int]:
    seconds, recipients = 0.0, 0
    while batch := list(itertools.islice(messages, BATCH)):
        started = time.process_time()
        found = [recipients_of(message, matcher, summaries) for message in batch]
        seconds += time.process_time() - started
        recipients += sum(map(len, found))
    return seconds, recipients


def recipients_of(message: Message, matcher: Matcher, summaries: SummaryBook) -> Sequence[Recipient]:
    """Return who gets a message: the measured part, facts included."""
    return [
        (match.preference.user, match.preference.backend, destination.address)
        for match in matcher.match(summaries.describe(message))
        for destination in match.preference.destinations
        if destination.confirmed
    ]
