"""What a filter would send, told from recorded history, agrees with what matching finds in all of it."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import timedelta

import pytest
from foresight_place import NOW, PREFIX, ROLES, RULES, SUMMARIES, Recorded, foreseen, matching, sent, use, wish
from hypothesis import given, settings
from hypothesis import strategies as st

from fmn_core.foresight import EXACT, impossible, narrower
from fmn_core.model import Filter, Message, RuleUse

USES = st.builds(
    lambda one, negated: dataclasses.replace(one, negated=negated),
    st.sampled_from(
        [
            use("package", package="kernel"),
            use("package", package="bash, kernel"),
            use("package", package=""),
            use("user", nick="jane"),
            use("agent", nick="jane, tom"),
            use("mine", name="jane"),
            use("mine", name="@cats"),
            use("mine", name="tom"),
            use("mine", name="nobody"),
            use("member", name="cats"),
            use("apps", apps="oven"),
            use("apps", apps="oven, forum"),
            *(use(name) for name in ("failed", "some_oven", "broken", "any_oven", "builds", "tags", "posts", "none")),
        ]
    ),
    st.booleans(),
)
FILTERS = st.lists(USES, max_size=3).map(lambda uses: wish(*uses))
PEOPLE = st.lists(st.sampled_from(["jane", "tom", "lena"]), max_size=2)
MESSAGES = st.builds(
    lambda title, hours, packages, usernames, agent, new: sent(
        title, hours, packages=packages, usernames=usernames, agent=agent, new=new
    ),
    st.sampled_from(["oven.build", "oven.tag", "forum.post", "forum.post.edited", "hall"]),
    st.integers(1, 240),
    st.lists(st.sampled_from(["kernel", "bash"]), max_size=2),
    PEOPLE,
    st.sampled_from(["jane", "tom", None]),
    st.sampled_from([1, 3]),
)


@settings(max_examples=300, deadline=None)
@given(FILTERS, FILTERS, st.lists(MESSAGES, max_size=20, unique_by=lambda one: one.id))
def test_an_exact_forecast_is_what_matching_finds(draft: Filter, saved: Filter, messages: list[Message]) -> None:
    recent = [one for one in messages if one.sent_at and one.sent_at >= NOW - timedelta(days=7)]
    made = foreseen(Recorded(messages), draft, saved, budget=1e9)
    now, before = matching(draft, recent), matching(saved, recent)
    assert made.exact
    assert (made.total, made.matched, made.of) == (len(now), len(now), len(recent))
    assert {one.id for one in made.gained} <= now - before
    assert {one.id for one in made.lost} <= before - now
    assert (len(made.gained), len(made.lost)) == (min(5, len(now - before)), min(5, len(before - now)))
    if impossible(draft, RULES, ROLES):
        assert not now


def test_numbers_and_examples_of_a_forecast() -> None:
    history = Recorded([sent("oven.build", hours, new=3) for hours in range(1, 49)] + [sent("hall", 49)])
    made = foreseen(history, wish(use("failed")))
    assert (made.total, made.matched, made.seen, made.of, made.exact) == (48, 48, 48, 49, True)
    assert made.days == pytest.approx(49 / 24), "from the first message until now"
    assert made.per_day == pytest.approx(48 / (49 / 24))
    assert [one.sent_at for one in made.latest] == [NOW - timedelta(hours=h) for h in range(1, 11)]
    assert made.latest[0].facts.title == "oven.build"
    assert (made.gained, made.lost) == ((), ())
    assert made.warnings == ()


def test_a_draft_counts_as_active_and_is_compared_with_the_saved_version() -> None:
    history = Recorded([sent("oven.build", 1, new=3), sent("oven.build", 2, new=1), sent("oven.tag", 3)])
    made = foreseen(history, dataclasses.replace(wish(use("builds")), active=False), wish(use("tags")))
    assert made.total == 2
    assert [one.sent_at for one in made.gained] == [NOW - timedelta(hours=1), NOW - timedelta(hours=2)]
    assert [one.topic for one in made.lost] == [PREFIX + "oven.tag"]


def test_without_history_nothing_is_foreseen() -> None:
    made = foreseen(Recorded([]), wish(use("builds")))
    assert (made.of, made.total, made.days) == (0, 0, 0)
    assert made.warnings == ("there are no recorded messages to look at",)
    old = foreseen(Recorded([sent("oven.build", 24 * 30)]), wish(use("builds")))
    assert (old.of, old.warnings) == (0, made.warnings)


WARNINGS = {
    "only what must not be": (
        [use("!tags")], ["all its rules say what must not be, so it matches nearly everything on the bus"],
    ),
    "nothing": ([use("failed"), use("user", nick="jane")], ["nothing matched in this period"]),
    "a firehose": ([use("builds")], ["it would send some 600 notifications a day"]),
}  # fmt: skip


@pytest.mark.parametrize(("uses", "warnings"), WARNINGS.values(), ids=WARNINGS)
def test_warnings(uses: list[RuleUse], warnings: list[str]) -> None:
    history = Recorded([*(sent("oven.build", n / 25, new=3) for n in range(1, 601)), sent("hall", 1)])
    made = foreseen(history, wish(*uses))
    assert [one for one in made.warnings if one in warnings] == warnings


def test_few_of_very_many_messages_are_all_looked_at() -> None:
    history = Recorded([sent("oven.tag", 2 + n / 1000) for n in range(EXACT + 1)] + [sent("oven.build", 1, new=3)])
    made = foreseen(history, wish(use("failed")), budget=1e9)
    assert (made.exact, made.total, made.seen, made.of) == (True, 1, 1, EXACT + 2)


def test_an_estimate_from_a_sample_comes_near() -> None:
    many = 3 * EXACT
    history = Recorded([sent("oven.build", 1 + n / 1000, new=n * n % 7) for n in range(many)])
    wanted = sum(n * n % 7 != 3 for n in range(many))
    made = foreseen(history, wish(use("!user", nick="jane"), use("!failed")), budget=1e9)
    assert not made.exact
    assert [search.every for search in history.searches] == [1, 3]
    assert made.total == pytest.approx(wanted, rel=0.1)
    assert len(made.latest) == 10


def test_when_the_time_is_over_it_is_estimated_from_what_was_seen() -> None:
    history = Recorded([sent("oven.build", n, new=3 if n % 2 else 1) for n in range(1, 101)])
    ticks = itertools.count()
    made = foreseen(history, wish(use("failed")), budget=20, clock=lambda: float(next(ticks)))
    assert (made.seen, made.matched, made.total, made.exact) == (20, 10, 50, False)


def test_examples_leave_time_for_the_sample() -> None:
    history = Recorded([sent("oven.build", 1 + n / 1000, new=n % 2) for n in range(EXACT + 1)])
    ticks = itertools.count()
    draft = wish(use("!user", nick="jane"), use("failed"))
    made = foreseen(history, draft, budget=400, clock=lambda: float(next(ticks)))
    assert [search.every for search in history.searches] == [1, 2]
    assert made.seen == 400 - 100 // 2  # of every second message that was looked at for examples nothing is new
    assert (made.total, made.exact) == (0, False)


def test_proposals_to_be_told_less() -> None:
    loud = sent("oven.build", 1, new=3, packages=["bash"], usernames=["lena"], agent="lena")
    others = [
        *(sent("oven.build", n, new=3, packages=["kernel"], agent="jane") for n in range(2, 6)),
        sent("oven.build", 7, new=1, packages=["bash"], agent="tom"),
        sent("oven.tag", 8, packages=["bash"]),
        sent("forum.post", 9),
    ]
    made = narrower(
        wish(use("any_oven")), loud, Recorded([loud, *others]), RULES, SUMMARIES, ROLES, NOW, budget=1e9
    )  # fmt: skip
    assert [(one.title, one.lost, one.of) for one in made] == [
        ("About a user: lena", 0, 6),
        ("Done by a user: lena", 0, 6),
        ("About a package: bash", 2, 6),
        ("A build failed", 4, 6),
        ("Some of the oven's messages", 5, 6),
    ]
    assert made[2].filter == wish(use("any_oven"), use("!package", package="bash"))
    assert all(loud.id not in matching(one.filter, [loud]) for one in made)
