"""Supervisor: several processes of one command, started again when they die, ended and reloaded together. Floor F3.

A process tells through a pipe that it is ready, and leaves by itself once its supervisor is gone.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Sequence

from .errors import FmnError
from .incident import Incident
from .runner import Chore, Runner
from .signals import RELOADING, Orders, obeyed

log = logging.getLogger(__name__)

#: seconds between two looks at the processes
TICK = 0.1
#: seconds that a process must have run well before its next death is an incident of its own
STEADY = 30.0
#: seconds that the next process waits for one that reloads
RELOAD_PATIENCE = 120.0
#: seconds between two looks of a process at its supervisor
LOOK_UP = 0.5


class Child:
    """One of the processes.

    :param name: for logs
    :param command: without what tells it about us
    :param clock: seconds of any origin
    :ivar starts: how often it was started
    """

    def __init__(self, name: str, command: Sequence[str], clock: Callable[[], float], rng: random.Random) -> None:
        self.name, self._command, self._clock = name, command, clock
        self._incident = Incident(name, rng)
        self._process: subprocess.Popen[bytes] | None = None
        self._ear = -1
        self._start_at = clock()
        self._steady_at = 0.0
        self.ready = False
        self.starts = 0

    @property
    def alive(self) -> bool:
        """Whether it runs, as far as was noticed."""
        return self._process is not None

    @property
    def pid(self) -> int | None:
        """Its number, while it runs."""
        return self._process.pid if self._process else None

    def look(self, final: bool, until_idle: bool) -> bool:
        """Notice what became of it, and start it if that is due.

        :param final: it shall not be started any more
        :param until_idle: that it ends well is the end of it
        :returns: whether there will be more of it
        """
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                self._listen()
                return True
            self._ended()
            if not final and not (until_idle and code == 0):
                self._start_at = self._clock() + self._incident.failed(FmnError(_in_words(code)))
                return True
            self._start_at = float("inf")
        if final or self._start_at == float("inf"):
            return False
        if self._clock() >= self._start_at:
            self._start()
        return True

    def _start(self) -> None:
        self._ear, mouth = os.pipe()
        os.set_blocking(self._ear, False)
        supervised = ["--supervised", str(os.getpid()), str(mouth)]
        try:
            # a group of its own: Ctrl-C is for us, and we pass it on once
            command = [*self._command, *supervised]
            self._process = subprocess.Popen(command, pass_fds=[mouth], process_group=0)  # noqa: S603 - our own command
            self.starts += 1
        except OSError as error:
            os.close(self._ear)
            self._start_at = self._clock() + self._incident.failed(FmnError(f"it cannot be started: {error.strerror}"))
        finally:
            os.close(mouth)

    def _listen(self) -> None:
        try:
            told = os.read(self._ear, 100)
        except BlockingIOError:
            told = b""
        if told:
            self.ready, self._steady_at = True, self._clock() + STEADY
        if self.ready and self._clock() >= self._steady_at:
            self._incident.well()

    def _ended(self) -> None:
        os.close(self._ear)
        self._process, self.ready = None, False

    def send(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self._process is not None:
            self._process.send_signal(number)

    def reload(self) -> None:
        """Let it begin anew: it is ready once it says so again."""
        self.ready = False
        self.send(signal.SIGHUP)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._ended()


def _in_words(code: int) -> str:
    if code < 0:
        return f"it was killed by {signal.Signals(-code).name}"
    return f"it ended with exit code {code}"


class Supervisor:
    """Keeps processes of one command running until a signal.

    :param commands: one for each process
    :param may_reload: tells at SIGHUP whether to pass it on
    :ivar orders: signals, as they come
    :ivar looked_at: when it last looked at its processes
    """

    def __init__(
        self,
        name: str,
        commands: Sequence[Sequence[str]],
        may_reload: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        chance = rng or random.Random()  # noqa: S311 - jitter is no secret
        self.children = [Child(f"{name} {n}", command, clock, chance) for n, command in enumerate(commands, 1)]
        self._may_reload, self._clock = may_reload, clock
        self.orders = Orders()
        self._to_reload: deque[Child] = deque()
        self._reloading: Child | None = None
        self._reload_until = 0.0
        self.looked_at = clock()

    def run(self, until_idle: bool = False) -> bool:
        """Run, and return when every process has left.

        :param until_idle: the processes end by themselves
        :returns: False if some were ended at once, because somebody could not wait
        """
        stopping = False
        with obeyed(self.orders.give, reloads=True, again=True):
            try:
                while self._look(stopping, until_idle):
                    order = self.orders.next(TICK)
                    if order in RELOADING:
                        self._reload()
                    elif order is not None and stopping:
                        return False
                    elif order is not None:
                        stopping = True
                        self._send_all(signal.SIGTERM)
                return True
            finally:
                for child in self.children:
                    child.kill()

    def _look(self, stopping: bool, until_idle: bool) -> bool:
        """Look at everybody; False once there is nobody left."""
        self.looked_at = self._clock()
        going_on = [child.look(stopping, until_idle) for child in self.children]
        if not stopping:
            self._reload_next()
        return any(going_on)

    def _send_all(self, number: int) -> None:
        for child in self.children:
            child.send(number)

    def _reload(self) -> None:
        if self._may_reload():
            self._to_reload = deque(self.children)

    def _reload_next(self) -> None:
        """Let the next one reload, once the one before is ready again or is not expected to be."""
        if self._reloading is not None:
            if self._reloading.alive and not self._reloading.ready and self._clock() < self._reload_until:
                return
            self._reloading = None
        if self._to_reload:
            self._reloading = self._to_reload.popleft()
            self._reload_until = self._clock() + RELOAD_PATIENCE
            self._reloading.reload()


def supervised(runner: Runner, parent: int, mouth: int) -> Chore:
    """Make the chore of a process that has a supervisor: to say that it is ready, and to leave when nobody is there.

    :param parent: number of the supervisor's process
    :param mouth: the pipe to it
    """
    said = False

    def look_up() -> None:
        nonlocal said
        if os.getppid() != parent:
            log.warning("the supervisor is gone: finishing what is begun, and leaving")
            runner.stop()
        elif not said and all(pulse.ready for pulse in runner.pulses.values()):
            os.write(mouth, b"r")
            said = True

    return Chore("look at the supervisor", LOOK_UP, look_up)
