"""Processes of ours that are started again whenever they are killed. Floor F4."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from fmn_core.commands import FMN
from fmn_core.config import CONFIG_VARIABLE
from fmn_core.raw_settings import ENVIRONMENT_PREFIX

#: seconds that a process may take to end when it is asked to
PATIENCE = 30.0


class Unkillable:
    """A command that runs again as soon as it was killed, and not when it ended by itself.

    :param arguments: of ``fmn``
    :param output: where what it prints is added; None for nowhere
    :param errors: where what it says of its work is added; None for where this process says it
    :ivar kills: how often it was killed
    """

    def __init__(
        self, configuration: Path, arguments: Sequence[str], output: Path | None = None, errors: Path | None = None
    ) -> None:
        self.name = arguments[0]
        self.kills = 0
        self._output, self._errors = Path(os.devnull) if output is None else output, errors
        self._command = [*FMN, "--config", str(configuration), *arguments]
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        # the configuration file alone counts, as for the process that started us
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
        kept.pop(CONFIG_VARIABLE, None)
        with self._output.open("ab") as output, ExitStack() as stack:
            errors = stack.enter_context(self._errors.open("ab")) if self._errors else None
            return subprocess.Popen(self._command, env=kept, stdout=output, stderr=errors)  # noqa: S603 - our own command

    @property
    def pid(self) -> int:
        """Its number, of the last time that it was started."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Kill it in the middle of whatever it does, and start it again."""
        self._process.kill()
        self._process.wait()
        self.kills += 1
        self._process = self._start()

    def end(self) -> bool:
        """Ask it to end, and tell whether it did so well: of itself, or because it had not begun anything yet."""
        self._process.terminate()
        return self._process.wait(PATIENCE) in (0, -signal.SIGTERM)

    def abandon(self) -> None:
        """End it at once, for good."""
        self._process.kill()
        self._process.wait()


@contextmanager
def running(
    configuration: Path,
    commands: Sequence[Sequence[str]],
    outputs: Mapping[str, Path] | None = None,
    errors: Path | None = None,
) -> Iterator[list[Unkillable]]:
    """Run commands; none of them outlives the block.

    :param outputs: where what is printed goes, by command
    :param errors: where what they say of their work goes
    """
    started: list[Unkillable] = []
    try:
        for arguments in commands:
            started.append(Unkillable(configuration, arguments, (outputs or {}).get(arguments[0]), errors))
        yield started
    finally:
        for one in started:
            one.abandon()


def kill_one(processes: Sequence[Unkillable], chance: random.Random) -> None:
    """Kill one that runs; those come first that never were."""
    alive = [one for one in processes if one.alive]
    chance.choice([one for one in alive if not one.kills] or alive).kill()
