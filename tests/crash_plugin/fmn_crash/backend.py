"""A backend that appends the id of each notification to a file, in one write, as a server would have it at once."""

import os
import random
import signal
from pathlib import Path

from fmn_core import Arrival, Backend, BackendAway, Rehearsal, RetryDelivery, Section, hookimpl


class CrashSettings(Section):
    """The file, how many deliveries at once, and which message takes the process with it, just sent, so many times.

    ``trouble`` is how likely a destination takes nothing, ``away`` how likely the far end is away.
    """

    file: Path
    threads: int = 4
    deadly: str = ""
    deaths: int = 0
    trouble: float = 0.0
    away: float = 0.0


class CrashBackend(Backend):
    name = "crash"
    title = "a file of ids"

    def __init__(self, settings):
        self._settings = settings
        self._descriptor = None
        self.concurrency = settings.threads

    def deliver(self, notification):
        if random.random() < self._settings.away:
            raise BackendAway("nobody is there")
        if random.random() < self._settings.trouble:
            raise RetryDelivery("not now")
        if self._descriptor is None:
            self._descriptor = os.open(self._settings.file, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        line = f"{notification.destination} {notification.id}\n"
        os.write(self._descriptor, line.encode())
        is_deadly = notification.message_id == self._settings.deadly
        if is_deadly and self._settings.file.read_text().count(line) <= self._settings.deaths:
            os.kill(os.getpid(), signal.SIGKILL)

    def rehearse(self, folder):
        return CrashRehearsal(folder / "sent")


class CrashRehearsal(Rehearsal):
    """The file is all there is."""

    def __init__(self, file):
        self.title = f"file {file}"
        self.settings = {"crash": {"file": str(file)}}
        self._file = file

    def addresses(self, user):
        return [user]

    def arrived(self):
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        return [Arrival(*line.split()) for line in lines]


@hookimpl
def fmn_register_backends(settings):
    return [CrashBackend(settings.section("crash", CrashSettings))]
