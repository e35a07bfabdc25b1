"""A place where one backend delivers, with a queue, a store, and a clock that tests turn."""

import contextlib
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fmn_core.codec import encode_notification
from fmn_core.delivery import Delivery
from fmn_core.model import Destination, DigestPlan, Filter, Outcome, Preference, User
from fmn_core.retry import RetrySchedule
from fmn_core.store import open_store
from fmn_core.testing import RecordingBackend, notification
from fmn_core.transport.base import deliveries
from fmn_core.transport.embedded import EmbeddedTransport
from fmn_core.wanted import StillWanted

NOON = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)
SCHEDULE = RetrySchedule(attempts=3, first=10.0, longest=100.0)
PATIENCE = 30.0


class Chance:
    """None: every pause is as the schedule has it."""

    def uniform(self, low, high):
        return 1.0


class Place:
    """Delivers by hand: nothing happens but in :meth:`deliver`, :meth:`later` and :meth:`turn`.

    :ivar seconds: by which the clock was turned
    """

    def __init__(self, folder, url):
        self.seconds = 0.0
        self._folder = folder
        self.store = open_store(url)
        self.backend = RecordingBackend()
        self.transport = self._open()
        self.stage = None
        places = tuple(Destination(name, confirmed=True) for name in ("home", "office"))
        filters = (Filter("", "lasting"), Filter("", "once", oneshot=True))
        self.user = self.store.preferences.save(
            User("marta", (Preference("", "marta", "recording", True, places, filters),))
        )

    @property
    def queue(self):
        return deliveries(self.backend.name)

    @property
    def preference(self):
        return next(one for one in self.user.preferences if one.backend == "recording")

    def now(self):
        return NOON + timedelta(seconds=self.seconds)

    def clock(self):
        return self.seconds

    def _open(self):
        return EmbeddedTransport(self._folder / "queue.sqlite", clock=self.clock)

    def change(self, **fields):
        """Change the preference; a digest by its settings."""
        if "digest" in fields:
            fields["digest"] = DigestPlan(**fields["digest"])
        self.user = self.store.preferences.save(replace(self.user, preferences=(replace(self.preference, **fields),)))

    def note(self, message_id="m1", destination="home", once=False, facts=None, **fields):
        used = self.preference.filters[once]
        fields |= {"filter_id": used.id, "filter_name": used.name, "oneshot": used.oneshot}
        return notification(
            facts, message_id=message_id, destination=destination, preference=self.preference.id, **fields
        )

    def begin(self):
        """Begin with what is there, as a new process does."""
        wanted = StillWanted(self.store, clock=Ticking())
        self.stage = Delivery(
            self.backend, self.store, SCHEDULE, wanted=wanted, now=self.now, clock=self.clock, rng=Chance()
        )

    def publish(self, *notes):
        payloads = [one if isinstance(one, bytes) else encode_notification(one) for one in notes]
        self.transport.publish(self.queue, payloads)

    def deliver(self, *notes):
        """Publish notifications, and deliver until nothing moves."""
        self.publish(*notes)
        return self.turn()

    def later(self, seconds):
        """Let time pass, and deliver until nothing moves."""
        self.seconds += seconds
        return self.turn()

    def turn(self):
        if self.stage is None:
            self.begin()
        for _ in range(3):  # what becomes due because of something else is found in the next round
            self.seconds += 1.0
            self._until_quiet()
        return self.stage

    def _until_quiet(self):
        until = time.monotonic() + PATIENCE
        moves = True
        while moves:
            assert time.monotonic() < until
            received = self.transport.receive([self.queue], self.stage.room)
            self.stage.handle(self.transport, received)
            moves = received or (self.stage.busy and not self.stage.asleep)

    def restart(self):
        """End as a process that is killed, and begin anew with what is on the disk."""
        self.transport.close()
        self.transport = self._open()
        self.begin()

    @property
    def sent(self):
        return [(one.message_id, one.destination) for one in self.backend.sent]

    def ledger(self):
        return {
            (e.message_id, e.destination): (e.outcome, e.reason, e.attempts)
            for e in self.store.ledger.of_user("marta", 5000)
        }

    def outcomes(self):
        return {e.message_id: e.outcome for e in self.store.ledger.of_user("marta", 5000)}

    def sent_in_ledger(self):
        return sum(outcome is Outcome.SENT for outcome, *_ in self.ledger().values())

    def waiting(self):
        return {
            (group.destination, str(group.why)): group.count for group in self.store.waiting.groups(self.backend.name)
        }

    def close(self):
        if self.stage:
            self.stage.finish()
            self.stage.close()
        self.transport.close()
        self.store.close()


class Ticking:
    """A clock by which it is always time to ask."""

    now = 0.0

    def __call__(self):
        self.now += 1
        return self.now


@pytest.fixture
def place(tmp_path):
    with contextlib.closing(Place(tmp_path, f"sqlite:///{tmp_path / 'fmn.sqlite'}")) as place:
        yield place
