"""Measures matching in several processes at once: do two match twice as much as one? Floor F4."""

from __future__ import annotations

import itertools
import multiprocessing
import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

from fmn_core.app import ENGINES
from fmn_core.config import PluginsSettings, Settings
from fmn_core.errors import FmnError
from fmn_core.plugins import RULES, load_plugins
from fmn_core.snapshot import Snapshot

from . import ownership, traffic
from .measure import everybody, fill, recipients_of
from .people import People

#: seconds until all processes are ready
PATIENCE = 300.0

_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Abreast:
    """What ``fmn bench match --workers`` prints of so many processes.

    :param messages: of all together
    :param messages_per_second: of all together, from the first one's begin to the last one's end
    """

    engine: str
    workers: int
    users: int
    messages: int
    messages_per_second: float


def measure_abreast(
    plugins: PluginsSettings, engine: str, workers: Sequence[int], users: int, messages: int, seed: int = 1
) -> Iterator[Abreast]:
    """Let ever so many processes match at once, each as many messages.

    :param workers: how many, for each row
    :param messages: of each process
    :raises FmnError: if one of them dies
    """
    for count in workers:
        seconds = _lasted(count, (plugins, engine, users, messages, seed))
        yield Abreast(engine, count, users, messages * count, round(messages * count / seconds, 1))


def _lasted(count: int, task: tuple[PluginsSettings, str, int, int, int]) -> float:
    start = _SPAWN.Barrier(count)
    pipes: list[Connection] = []
    processes = []
    for _ in range(count):
        ours, theirs = _SPAWN.Pipe()
        processes.append(_SPAWN.Process(target=_match, args=(start, theirs, *task), daemon=True))
        processes[-1].start()
        theirs.close()
        pipes.append(ours)
    try:
        times = [pipe.recv() for pipe in pipes]
    except EOFError:
        raise FmnError("a process of the measurement has died") from None
    finally:
        for process in processes:
            process.kill()
            process.join()
    return float(max(end for _, end in times) - min(begin for begin, _ in times))


def _match(
    start: threading.Barrier,
    pipe: Connection,
    plugins: PluginsSettings,
    engine: str,
    users: int,
    messages: int,
    seed: int,
) -> None:
    registry, rng = load_plugins(Settings(plugins=plugins), [RULES]), random.Random(seed)
    owners = ownership.made_up(rng)
    matcher = ENGINES[engine](registry.rules, Snapshot([ownership.lookup_data(owners, {})]))
    people = People(everybody(owners, users), list(owners), registry.defaults, registry.rules)
    fill(matcher, people.preferences(rng))
    made = list(itertools.islice(traffic.made_up(traffic.World(owners, rng)), messages))
    start.wait(PATIENCE)
    began = time.monotonic()
    for message in made:
        recipients_of(message, matcher, registry.summaries)
    pipe.send((began, time.monotonic()))
