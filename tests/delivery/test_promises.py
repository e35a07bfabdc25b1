"""Whatever comes in whatever order: each notification ends once, in one way, in order, and the ledger knows it."""

import tempfile
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from fmn_core.errors import AddressRefused, BackendAway, DropDelivery, RetryDelivery
from fmn_core.model import Destination, DigestPlan, Filter, Outcome
from fmn_core.store.waiting import COLLECTED
from fmn_core.testing import RecordingBackend

from .conftest import Place

PLACES = ("home", "office", "abroad")
#: most goes to one place, for there it meets
SOMEWHERE = st.sampled_from(["home", "home", "home", "office", "abroad"])
ENDED = {Outcome.SENT, Outcome.FAILED, Outcome.SUPPRESSED}
DIGESTS = ({}, {"on": True, "every": 60.0}, {"on": True, "count": 3}, {"per_hour": 4}, {"quiet": "12:01-12:20"})
FAILURES = {
    "retry": lambda: RetryDelivery("busy"),
    "long retry": lambda: RetryDelivery("greylisted", after=90.0),
    "away": lambda: BackendAway("no route"),
    "drop": lambda: DropDelivery("too large"),
    "bug": lambda: KeyError("bug"),
}


class Fickle(RecordingBackend):
    """Fails as it is told to, and writes down all that it took, in order.

    :param waiting: the waiting room, which nothing leaves before it was taken
    :ivar took: message and destination, and whether it came for itself: a digest, even of one, goes when it is due
    :ivar stumbled: notifications with which there was a bug, which may lose their place
    """

    concurrency = 2

    def __init__(self, waiting):
        super().__init__()
        self._waiting = waiting
        self.took = []
        self.stumbled = set()
        self.refused = None

    def deliver(self, notification):
        collected = self._waiting.take(self.name, notification.destination, COLLECTED, 1000)
        self._take([notification], alone=notification.id not in {one.notification.id for one in collected})

    def deliver_digest(self, digest):
        self._take(digest.notifications, alone=False)

    def _take(self, some, alone):
        if some[0].destination == self.refused:
            self.refused = None
            raise AddressRefused("550 no such user")
        if self.failures:
            error = self.failures.pop(0)
            if isinstance(error, KeyError):
                self.stumbled |= {(one.message_id, one.destination) for one in some}
            raise error
        self.took += [(one.message_id, one.destination, alone) for one in some]


class Promises(RuleBasedStateMachine):
    """Every step is one thing that happens; the promises are checked once all trouble is over."""

    @initialize()
    def begin(self):
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self.place = Place(folder, f"sqlite:///{folder / 'fmn.sqlite'}")
        self.backend = self.place.backend = Fickle(self.place.store.waiting)
        self.place.change(
            destinations=tuple(Destination(name, confirmed=True) for name in PLACES),
            filters=(*self.place.preference.filters, Filter("", "once more", oneshot=True)),
        )
        self.order = defaultdict(list)
        self.shots = defaultdict(set)
        self.number = 0
        #: what came once more: where it had been given up, its place is that of the later time
        self.again = set()

    @rule(where=SOMEWHERE, which=st.sampled_from([0, 0, 0, 0, 1, 2]), count=st.integers(1, 12))
    def arrive(self, where, which, count):
        for _ in range(count):
            note = self.place.note(f"m{self.number}", where, once=which)
            self.place.publish(note)
            self.order[where].append(note.message_id)
            if which:
                self.shots[note.filter_id].add(note.message_id)
            self.number += 1

    @rule(which=st.integers(0, 1000))
    def arrive_once_more(self, which):
        if self.number:
            one, where = self._all()[which % self.number]
            self.place.publish(self.place.note(one, where, once=self._filter_of(one)))
            self.again.add((one, where))

    @rule(kinds=st.lists(st.sampled_from(sorted(FAILURES)), min_size=1, max_size=4))
    def fail(self, kinds):
        self.backend.failures += [FAILURES[kind]() for kind in kinds]

    @rule(where=st.sampled_from(PLACES))
    def refuse(self, where):
        self.backend.refused = where

    @rule(seconds=st.sampled_from([0, 1, 15, 70, 4000]))
    def pass_time(self, seconds):
        self.place.later(seconds)

    @rule()
    def turn_once(self):
        """Take what there is, and leave it in the midst of it."""
        if self.place.stage is None:
            self.place.begin()
        received = self.place.transport.receive([self.place.queue], self.place.stage.room)
        self.place.stage.handle(self.place.transport, received)

    @rule(where=SOMEWHERE, kind=st.sampled_from(sorted(FAILURES)))
    def arrive_in_trouble(self, where, kind):
        self.fail([kind])
        self.arrive(where, 0, 3)
        self.pass_time(0)

    @rule(where=SOMEWHERE)
    def restart(self, where):
        """Restart as after SIGTERM, for a killed process cannot be had without one; meanwhile something comes."""
        if self.place.stage is not None:
            self.place.stage.finish()
            while self.place.stage.busy:
                self.place.stage.handle(self.place.transport, [])
            self.place.stage.close()
            self.arrive(where, 0, 2)
            self.place.restart()

    @rule(where=SOMEWHERE)
    def lose_the_transport(self, where):
        if self.place.stage is not None:
            self.arrive(where, 0, 2)
            self.place.stage.interrupted()
            self.place.transport.close()
            self.place.transport = self.place._open()

    @rule(digest=st.sampled_from(DIGESTS))
    def change_the_digest(self, digest):
        """Change nothing else: a thread may take a shot meanwhile, which a preference read before would give back."""
        self.place.store.switches.set_digest("marta", "recording", DigestPlan(**digest))

    @rule(on=st.booleans())
    def switch(self, on):
        self.place.store.switches.switch("marta", "recording", on)

    def teardown(self):
        with self._folder, closing(self.place):
            self._let_it_end()
            self._check()

    def _let_it_end(self):
        self.backend.failures, self.backend.refused = [], None
        self.change_the_digest({})
        for _ in range(12):
            self.place.later(4000)

    def _check(self):
        ledger = {key: outcome for key, (outcome, *_) in self.place.ledger().items()}
        took = Counter((one, where) for one, where, _ in self.backend.took)
        assert {key for key in ledger if key[0][0] == "m"} == set(self._all()), "others are notices"
        assert set(ledger.values()) <= ENDED
        assert set(took.values()) <= {1}
        assert set(took) == {key for key, outcome in ledger.items() if outcome is Outcome.SENT}
        assert self.place.waiting() == {}
        assert self.place.transport.depth(self.place.queue) == 0
        self._check_dead_letters(ledger)
        self._check_order()
        self._check_shots()

    def _check_dead_letters(self, ledger):
        dead = self.place.transport.dead_letters()
        failed = sum(outcome is Outcome.FAILED for outcome in ledger.values())
        assert len(dead) >= failed

    def _check_order(self):
        for where, order in self.order.items():
            alone = [one for one, at, alone in self.backend.took if at == where and alone and one in order]
            alone = [one for one in alone if (one, where) not in self.backend.stumbled | self.again]
            assert alone == [one for one in order if one in alone], where

    def _check_shots(self):
        for shot in self.shots.values():
            assert len({one for one, *_ in self.backend.took if one in shot}) <= 1

    def _all(self):
        return [(one, where) for where, order in self.order.items() for one in order]

    def _filter_of(self, one):
        return next((n for n, f in enumerate(self.place.preference.filters) if one in self.shots[f.id]), 0)


TestPromises = Promises.TestCase
TestPromises.settings = settings(
    max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
