"""Snapshots answer four questions that agree; sources that fail keep their last answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmn_core import ALL_ROLES, COMMIT_ROLES, LookupData, LookupSource, LookupUnavailableError, Role
from fmn_core.lookups import GROUP_MARK, NOBODY
from fmn_core.snapshot import Snapshot

DATA = LookupData(
    maintainers={
        "kernel": {"ava": Role.OWNER, "hugo": Role.COMAINTAINER, "@kernel-sig": Role.COMAINTAINER},
        "bash": {"ava": Role.WATCHER, "hugo": Role.OWNER},
        "modules/bash": {"mei": Role.OWNER},
    },
    groups={"kernel-sig": ["mei", "nuru"], "empty-sig": []},
)


@pytest.fixture
def snapshot() -> Snapshot:
    return Snapshot([DATA])


def test_owners_are_names_groups_and_their_members(snapshot: Snapshot) -> None:
    assert snapshot.owners("kernel") == {"ava", "hugo", "@kernel-sig", "mei", "nuru"}
    assert snapshot.owners("nothing") == NOBODY


def test_packages_of_a_user_include_those_of_her_groups(snapshot: Snapshot) -> None:
    assert snapshot.packages("mei") == {"kernel", "modules/bash"}
    assert snapshot.packages("nuru") == {"kernel"}
    assert snapshot.packages("nobody") == NOBODY


def test_packages_of_a_group_are_asked_for_with_its_mark(snapshot: Snapshot) -> None:
    assert snapshot.packages("@kernel-sig") == {"kernel"}
    assert snapshot.packages("kernel-sig") == NOBODY


def test_quirk_7_ownership_separates_roles_in_whatever_order_they_are_asked(snapshot: Snapshot) -> None:
    watched, owned = frozenset({Role.WATCHER}), frozenset({Role.OWNER})
    for _ in range(2):  # the second time, answers are remembered
        assert snapshot.packages("ava", watched) == {"bash"}
        assert snapshot.packages("ava", owned) == {"kernel"}
        assert snapshot.packages("ava", COMMIT_ROLES) == {"kernel"}
        assert snapshot.packages("ava", ALL_ROLES) == {"kernel", "bash"}


def test_roles_may_come_in_any_collection(snapshot: Snapshot) -> None:
    assert snapshot.packages("ava", [Role.WATCHER]) == snapshot.packages("ava", (Role.WATCHER,)) == {"bash"}


def test_groups_and_members_are_two_sides(snapshot: Snapshot) -> None:
    assert snapshot.members("kernel-sig") == {"mei", "nuru"}
    assert snapshot.groups("mei") == {"kernel-sig"}
    assert snapshot.members("empty-sig") == snapshot.groups("ava") == NOBODY


def test_several_sources_make_one_answer() -> None:
    more = LookupData({"kernel": {"farid": Role.WATCHER}}, {"kernel-sig": ["farid"]})
    both = Snapshot([DATA, more])
    assert both.owners("kernel") == {"ava", "hugo", "@kernel-sig", "mei", "nuru", "farid"}
    assert both.packages("farid") == {"kernel"}
    assert both.members("kernel-sig") == {"mei", "nuru", "farid"}


NAMES = st.sampled_from(["ava", "hugo", "mei", "@one", "@two"])
WORLDS = st.builds(
    LookupData,
    st.dictionaries(st.sampled_from("pqrs"), st.dictionaries(NAMES, st.sampled_from(Role), max_size=4)),
    st.dictionaries(st.sampled_from(["one", "two"]), st.lists(st.sampled_from(["ava", "hugo", "mei"]), max_size=3)),
)


@given(st.lists(WORLDS, max_size=3))
def test_owners_and_packages_agree(worlds: list[LookupData]) -> None:
    snapshot = Snapshot(worlds)
    for name in ("ava", "hugo", "mei", "@one", "@two"):
        owned = {package for package in "pqrs" if name in snapshot.owners(package)}
        assert snapshot.packages(name) == owned
        assert frozenset().union(*(snapshot.packages(name, frozenset({role})) for role in Role)) == owned


class Source(LookupSource):
    """Answers with whatever the test has put in, or fails."""

    def __init__(self, name: str, answer: LookupData | Exception) -> None:
        self.name, self.answer = name, answer

    def load(self) -> LookupData:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_live_lookups_know_nothing_before_the_first_refresh() -> None:
    assert LiveLookups([Source("file", DATA)]).owners("kernel") == NOBODY


def test_a_refresh_swaps_all_four_answers() -> None:
    source = Source("file", DATA)
    live = LiveLookups([source])
    live.refresh()
    assert (live.owners("modules/bash"), live.packages("nuru")) == ({"mei"}, {"kernel"})
    source.answer = LookupData({"kernel": {"farid": Role.OWNER}}, {"kernel-sig": ["farid"]})
    live.refresh()
    assert (live.owners("kernel"), live.packages("nuru")) == ({"farid"}, NOBODY)
    assert (live.members("kernel-sig"), live.groups("farid")) == ({"farid"}, {"kernel-sig"})
    assert live.snapshot.owners("kernel") == {"farid"}


@pytest.mark.parametrize(
    "failure",
    [lambda: LookupUnavailableError("the file is gone"), lambda: ZeroDivisionError("a bug of the plugin")],
    ids=["expected", "bug"],
)
def test_quirk_8_a_failed_lookup_is_not_remembered_as_nobody(failure: Callable[[], Exception]) -> None:
    source, other = Source("file", DATA), Source("other", LookupData({"zsh": {"mei": Role.OWNER}}))
    live = LiveLookups([source, other])
    live.refresh()
    source.answer, other.answer = failure(), LookupData({"fish": {"mei": Role.OWNER}})
    live.refresh()
    assert live.packages("ava") == {"kernel", "bash"}, "the last answer serves"
    assert "fish" in live.packages("mei"), "the other source is up to date"
    assert live.failures == {"file": str(source.answer)}
    source.answer = LookupData()
    live.refresh()
    assert live.packages("ava") == NOBODY
    assert not live.failures


@pytest.mark.parametrize("nonsense", [None, LookupData({"kernel": None}), LookupData(groups={"a-sig": 3})])
def test_a_source_that_returns_nonsense_keeps_its_last_answer_and_disturbs_no_other(nonsense: Any) -> None:
    source, other = Source("file", DATA), Source("other", LookupData())
    live = LiveLookups([source, other])
    live.refresh()
    source.answer, other.answer = nonsense, LookupData({"zsh": {"mei": Role.OWNER}})
    live.refresh()
    assert live.owners("bash") == {"ava", "hugo"}
    assert live.owners("zsh") == {"mei"}
    assert list(live.failures) == ["file"]


def test_a_source_that_stays_away_is_one_warning_until_the_reason_changes(caplog: pytest.LogCaptureFixture) -> None:
    source = Source("file", LookupUnavailableError("the file is gone"))
    live = LiveLookups([source])
    for reason, warnings in (("the file is gone", 1), ("the file is gone", 1), ("the file is cut off", 2)):
        source.answer = LookupUnavailableError(reason)
        live.refresh()
        assert len(caplog.records) == warnings
    assert caplog.messages[0] == "lookup source 'file' gives no answer, the last one serves: the file is gone"
    source.answer = DATA
    for _ in range(2):
        live.refresh()
        assert caplog.messages[2:] == ["lookup source 'file' answers again"]


def test_the_mark_tells_groups_from_accounts_of_the_same_name() -> None:
    named_alike = LookupData(
        {"kernel": {"kernel": Role.OWNER, f"{GROUP_MARK}kernel": Role.WATCHER}}, {"kernel": ["mei"]}
    )
    snapshot = Snapshot([named_alike])
    assert snapshot.packages("kernel", COMMIT_ROLES) == {"kernel"}
    assert snapshot.packages("mei", COMMIT_ROLES) == NOBODY
