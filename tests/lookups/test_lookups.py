"""Snapshots answer four questions that agree, built from scratch or patched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmn_core import ALL_ROLES, COMMIT_ROLES, LookupData, Role, Stale
from fmn_core.live_lookups import LiveLookups
from fmn_core.lookups import GROUP_MARK, NOBODY, Answers, Label, reloaded
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


def test_all_names_of_a_kind_are_known(snapshot: Snapshot) -> None:
    assert snapshot.known("package") == ("bash", "kernel", "modules/bash")
    assert snapshot.known("user") == ("ava", "hugo", "mei", "nuru")
    assert snapshot.known("group") == ("empty-sig", "kernel-sig")
    live = LiveLookups()
    assert live.known("package") == ()
    live.use({"x": Answers(DATA, Label("1", 0.0))})
    assert live.known("package") == snapshot.known("package")


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


@given(st.lists(WORLDS, max_size=3), st.lists(st.lists(WORLDS, max_size=3), min_size=1, max_size=3))
def test_a_patched_snapshot_is_like_one_built_from_scratch(
    first: list[LookupData], later: list[list[LookupData]]
) -> None:
    patched = Snapshot([*first, MANY])
    for worlds in later:
        patched = patched.patched([*worlds, MANY])
        assert everything(patched) == everything(Snapshot([*worlds, MANY]))


#: so many packages that what changes is little, and is patched
MANY = LookupData(
    {f"many-{number}": {"ava": Role.OWNER, "@two": Role.WATCHER} for number in range(100)}, {"two": ["mei"]}
)


@given(WORLDS, WORLDS, st.frozensets(st.sampled_from("pqrs")), st.frozensets(st.sampled_from(["one", "two"])))
def test_what_is_reloaded_is_patched_as_if_it_were_loaded(
    before: LookupData, after: LookupData, packages: frozenset[str], groups: frozenset[str]
) -> None:
    stale = Stale(packages, groups)
    answer = LookupData(
        {name: after.maintainers[name] for name in packages if name in after.maintainers},
        {name: after.groups[name] for name in groups if name in after.groups},
    )
    data = reloaded(before, stale, answer)
    for name in "pqrs":
        assert data.maintainers.get(name) == (after if name in packages else before).maintainers.get(name)
    for name in ("one", "two"):
        assert data.groups.get(name) == (after if name in groups else before).groups.get(name)
    assert everything(Snapshot([before, MANY]).patched([data, MANY])) == everything(Snapshot([data, MANY]))


def everything(snapshot: Snapshot) -> list[object]:
    """Return all answers about all names of the worlds."""
    names, packages = ("ava", "hugo", "mei", "@one", "@two"), (*"pqrs", "many-7", "unknown")
    return [
        [snapshot.owners(package) for package in packages],
        [snapshot.packages(name, frozenset({role})) for name in names for role in Role],
        [snapshot.members(group) for group in ("one", "two", "three")],
        [snapshot.groups(name) for name in names],
    ]


def test_a_patch_takes_over_what_has_not_changed() -> None:
    old = Snapshot([MANY, DATA])
    new = old.patched([MANY, reloaded(DATA, Stale(frozenset({"bash"})), LookupData({"bash": {"mei": Role.OWNER}}))])
    assert new.owners("bash") == {"mei"}
    assert old.owners("bash") == {"ava", "hugo"}, "a snapshot never changes"
    assert new.owners("kernel") is old.owners("kernel")


def test_stale_is_falsy_when_empty_and_can_be_united() -> None:
    assert not Stale()
    both = Stale(frozenset({"kernel"})) | Stale(frozenset({"bash"}), frozenset({"kernel-sig"}))
    assert both == Stale(frozenset({"bash", "kernel"}), frozenset({"kernel-sig"}))
    assert Stale(groups=frozenset({"kernel-sig"}))


def answers(data: LookupData, fetched_at: float) -> Answers:
    return Answers(data, Label("1", fetched_at))


def test_live_lookups_know_nothing_before_the_first_answers() -> None:
    live = LiveLookups()
    assert live.owners("kernel") == NOBODY
    assert live.ages() == {}


def test_all_four_answers_are_swapped_together() -> None:
    live = LiveLookups(clock=lambda: 100.0)
    live.use({"file": answers(DATA, 40.0)})
    assert (live.owners("modules/bash"), live.packages("nuru")) == ({"mei"}, {"kernel"})
    live.use({"file": answers(LookupData({"kernel": {"farid": Role.OWNER}}, {"kernel-sig": ["farid"]}), 90.0)})
    assert (live.owners("kernel"), live.packages("nuru")) == ({"farid"}, NOBODY)
    assert (live.members("kernel-sig"), live.groups("farid")) == ({"farid"}, {"kernel-sig"})
    assert live.snapshot.owners("kernel") == {"farid"}
    assert live.ages() == {"file": 10.0}


def test_the_mark_tells_groups_from_accounts_of_the_same_name() -> None:
    named_alike = LookupData(
        {"kernel": {"kernel": Role.OWNER, f"{GROUP_MARK}kernel": Role.WATCHER}}, {"kernel": ["mei"]}
    )
    snapshot = Snapshot([named_alike])
    assert snapshot.packages("kernel", COMMIT_ROLES) == {"kernel"}
    assert snapshot.packages("mei", COMMIT_ROLES) == NOBODY
