"""The demo: what it plays, how it judges, and the whole of it as a newcomer runs it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from fmn_core.app import Application
from fmn_core.backends import Arrival, Rehearsal
from fmn_core.config import Settings
from fmn_core.demo.instance import Instance
from fmn_core.demo.messages import Act, sample_messages
from fmn_core.demo.people import Cast, cast
from fmn_core.demo.play import PATIENCE, Play, StoppedError
from fmn_core.demo.verdict import judge
from fmn_core.plugins import PluginRegistry
from fmn_core.testing import message, notification

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


class Hall(Rehearsal):
    """A far end that says what it is told to; it knows notifications by their summary."""

    def __init__(self, *arrivals):
        self._arrivals = [Arrival(*arrival) for arrival in arrivals]

    def addresses(self, user):
        return [user]

    def arrived(self):
        return self._arrivals

    def mark(self, notification):
        return notification.facts.summary


def wanted(summary, destination="ava"):
    return notification({"summary": summary}, message_id=summary, destination=destination, backend="hall")


def test_all_that_should_have_arrived_and_nothing_else_is_right():
    verdict = judge([wanted("built"), wanted("failed")], {"hall": Hall(("ava", "a: failed"), ("ava", "b: built"))})
    assert verdict.right
    assert verdict.arrived == Counter(hall=2)


def test_what_did_not_arrive_is_missing():
    verdict = judge([wanted("built"), wanted("failed")], {"hall": Hall(("ava", "a: failed"))})
    assert not verdict.right
    assert [one.facts.summary for one in verdict.missing] == ["built"]


@pytest.mark.parametrize(
    "arrival",
    [("ava", "a: built"), ("ava", "never asked for"), ("bruno", "a: built")],
    ids=["twice", "unasked", "elsewhere"],
)
def test_what_should_not_have_arrived_is_surplus(arrival):
    verdict = judge([wanted("built")], {"hall": Hall(("ava", "a: built"), arrival)})
    assert not verdict.right
    assert verdict.surplus == [("hall", Arrival(*arrival))]
    assert not verdict.missing


def test_of_two_marks_in_a_text_the_longer_is_meant():
    both = [wanted("bash built"), wanted("bash built again")]
    assert judge(both, {"hall": Hall(("ava", "bash built again"), ("ava", "bash built"))}).right


def test_a_wish_for_a_backend_without_far_end_is_missing():
    assert judge([wanted("built")], {}).missing


def test_the_same_seed_plays_the_same_messages():
    first, second, other = (sample_messages(["bash", "zsh"], ["ava"], NOW, seed) for seed in (1, 1, 2))
    assert first == second
    assert first != other


def test_messages_come_in_order_and_end_before_now():
    times = [message.sent_at for act in sample_messages(["bash", "zsh"], ["ava"], NOW) for message in act.messages]
    assert times == sorted(times)
    assert times[-1] <= NOW


def test_without_plugins_every_wish_falls_away_and_it_is_said():
    chosen = cast(PluginRegistry(), {})
    assert not chosen.users
    assert "ava cannot be reached by irc: no backend to rehearse is installed" in chosen.absences
    assert any("filter 'upstream was faster' of chidi falls away: no rule is named" in one for one in chosen.absences)


class Patience:
    """Time and the wish to go on: the clock moves where somebody waits."""

    def __init__(self, lasts=10_000.0):
        self.now, self._lasts = 0.0, lasts

    def wait(self, seconds):
        self.now += seconds
        return self.now > self._lasts

    def clock(self):
        return self.now


class Crew:
    """Stages that finish what they read, or never do."""

    def __init__(self, lame=False):
        self.portions, self._lame = [], lame

    def read(self, messages):
        self.portions.append(len(messages))

    def waiting(self):
        return sum(self.portions) if self._lame else 0

    def idle(self):
        return not self._lame


class Gallery:
    """An audience that remembers."""

    def __init__(self):
        self.acts, self.last = [], None

    def act(self, act):
        self.acts.append(act.title)

    def delivered(self, entry, summary):
        raise AssertionError("nobody has a wish")

    def progress(self, progress):
        self.last = progress


@pytest.fixture
def instance(tmp_path):
    app = Application(Settings(data_dir=tmp_path), registry=PluginRegistry())
    acts = [Act("slow", [message("a.b")] * 30, rate=10), Act("fast", [message("c.d")] * 250)]
    yield Instance(tmp_path, app, {"hall": Hall()}, Cast(), acts)
    app.close()


def play(instance, crew, patience, gallery=None, paced=True):
    return Play(instance, crew, gallery or Gallery(), paced, patience, patience.clock)


def test_a_paced_act_takes_its_time(instance):
    crew, patience, gallery = Crew(), Patience(), Gallery()
    totals = play(instance, crew, patience, gallery).perform()
    assert crew.portions == [1] * 30 + [100, 100, 50]
    assert patience.now == pytest.approx(3.0)
    assert gallery.acts == ["slow", "fast"]
    assert gallery.last.read == totals.messages == 280
    assert totals.right


def test_what_is_not_paced_takes_none(instance):
    patience = Patience()
    play(instance, Crew(), patience, paced=False).perform()
    assert patience.now == 0


def test_stages_that_stand_still_do_not_hold_the_play_for_ever(instance):
    patience = Patience()
    play(instance, Crew(lame=True), patience, paced=False).perform()
    assert patience.now == pytest.approx(PATIENCE, abs=1)


def test_a_play_can_be_stopped(instance):
    crew = Crew()
    with pytest.raises(StoppedError):
        play(instance, crew, Patience(lasts=1.0)).perform()
    assert sum(crew.portions) < 30
