"""The workers that ``fmn bench pipeline`` measures: processes that do what ``fmn worker`` does, or less. Floor F4."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import resource
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from fmn_core.app import Application
from fmn_core.config import load_settings
from fmn_core.errors import FmnError
from fmn_core.following import Follower
from fmn_core.lookups import LookupData
from fmn_core.matching import IndexMatcher, LinearMatcher, Matcher
from fmn_core.model import Role
from fmn_core.runner import Runner, Stage
from fmn_core.snapshot import Snapshot
from fmn_core.transport.base import MESSAGES, Envelope, Outgoing, Transport
from fmn_core.worker import BATCH, Worker

from .locked import LockedLookups

#: who matches: the algorithm of 2016 with ownership in Redis behind a lock, the index, nobody
LINEAR, INDEX, NONE = "linear", "index", "none"
#: seconds until all workers have to be ready, and to end
PATIENCE = 300.0

#: how workers took messages in 2016
_ONE_AT_A_TIME = {"FMN__TRANSPORT__PREFETCH": "1"}
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Job:
    """What a worker needs to know.

    :param matcher: one of the above
    :param alone: it is the only one, and has ownership in memory: the architecture with one process
    :param ownership: file with who maintains what
    :param outputs: file with what comes of each message, for those who do not match
    :param redis: URL of the server, and the prefix of keys there
    """

    configuration: Path
    matcher: str
    alone: bool
    ownership: Path
    outputs: Path
    redis: tuple[str, str]


@dataclass(frozen=True)
class Effort:
    """What the work has cost a worker."""

    cpu_seconds: float
    max_rss_mb: float


class Passing:
    """A stage that matches nothing: it knows what comes of each message, and passes that on.

    :param outputs: by the payload of the message
    """

    name = "worker"
    queues = (MESSAGES,)
    alone = False
    busy = waits = False
    room = BATCH

    def __init__(self, outputs: dict[bytes, list[Outgoing]]) -> None:
        self._outputs = outputs
        self.counts: Counter[str] = Counter()

    def handle(self, transport: Transport, envelopes: Sequence[Envelope]) -> None:
        """Pass on."""
        outputs = self._outputs
        transport.pass_on([one for envelope in envelopes for one in outputs[envelope.payload]], envelopes)

    def interrupted(self) -> None:
        """There is nothing begun."""

    def finish(self) -> None:
        """There is nothing to finish."""

    def close(self) -> None:
        """There is nothing to close."""


def write_ownership(path: Path, data: LookupData) -> None:
    """Write who maintains what for workers to read."""
    maintainers = {package: list(names) for package, names in data.maintainers.items()}
    path.write_text(json.dumps([maintainers, {group: list(names) for group, names in data.groups.items()}]), "utf-8")


def read_ownership(path: Path) -> LookupData:
    """Read it."""
    maintainers, groups = json.loads(path.read_text("utf-8"))
    return LookupData({name: dict.fromkeys(people, Role.OWNER) for name, people in maintainers.items()}, groups)


def write_outputs(path: Path, outputs: dict[bytes, list[Outgoing]]) -> None:
    """Write what comes of each message for workers to read."""
    rows = [[payload.decode(), [[queue, made.decode()] for queue, made in some]] for payload, some in outputs.items()]
    path.write_text(json.dumps(rows), "utf-8")


def _read_outputs(path: Path) -> dict[bytes, list[Outgoing]]:
    rows = json.loads(path.read_text("utf-8"))
    return {payload.encode(): [(queue, made.encode()) for queue, made in some] for payload, some in rows}


def _stage(job: Job, app: Application) -> Stage:
    if job.matcher == NONE:
        return Passing(_read_outputs(job.outputs))
    data, rules = read_ownership(job.ownership), app.registry.rules
    matcher: Matcher
    if job.matcher == INDEX:
        matcher = IndexMatcher(rules, Snapshot([data]))
    else:
        matcher = LinearMatcher(rules, Snapshot([data]) if job.alone else LockedLookups(*job.redis, data))
    follower = Follower(app.store.preferences, matcher)
    follower.refresh()
    return Worker(app.registry.summaries, matcher, follower)


def _work(job: Job, pipe: Connection) -> None:
    """Work until told to end, then tell what it has cost."""
    settings = load_settings(job.configuration, _ONE_AT_A_TIME if job.matcher == LINEAR else {})
    with closing(Application(settings, ("fmn.rules",))) as app:
        stage = _stage(job, app)
        runner = Runner(app.transport, [stage])
        with closing(app.transport()) as transport:
            transport.depth(MESSAGES)  # the queues are there, and the libraries loaded
        pipe.send("ready")
        began = time.process_time()
        runner.run()
        stage.close()
        pipe.send(Effort(time.process_time() - began, round(_most_memory() / 1024, 1)))


def _most_memory() -> int:
    """Return the most memory this process had, in kB: of itself, and not what was inherited when it was started."""
    found = re.search(r"^VmHWM:\s+(\d+)", Path("/proc/self/status").read_text("utf-8"), re.MULTILINE)
    return int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Pool:
    """Workers that are ready.

    :ivar efforts: what the work has cost each; known once they have ended
    """

    def __init__(self, job: Job, count: int) -> None:
        self.efforts: list[Effort] = []
        self._pipes: list[Connection] = []
        self._processes = []
        for _ in range(count):
            ours, theirs = _SPAWN.Pipe()
            process = _SPAWN.Process(target=_work, args=(job, theirs), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def wait(self) -> None:
        """Wait until all are ready.

        :raises FmnError: if one is not in time, or has died
        """
        for pipe in self._pipes:
            _told(pipe)

    def end(self) -> None:
        """Let all finish and tell what it has cost."""
        for process in self._processes:
            os.kill(process.pid or 0, signal.SIGTERM)
        self.efforts = [_told(pipe) for pipe in self._pipes]

    def abandon(self) -> None:
        """End them whatever they do."""
        for process in self._processes:
            process.kill()
            process.join()


def _told(pipe: Connection) -> Effort:
    try:
        if pipe.poll(PATIENCE):
            told: Effort = pipe.recv()
            return told
    except EOFError:
        pass
    raise FmnError("a worker of the measurement has died or does not answer")


@contextmanager
def pool(job: Job, count: int) -> Iterator[Pool]:
    """Have workers that are ready, none of which outlives the block."""
    workers = Pool(job, count)
    try:
        workers.wait()
        yield workers
    finally:
        workers.abandon()
