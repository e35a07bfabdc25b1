"""What the rules of a filter alone tell: where to look for its messages, and that there can be none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from foresight_place import NOW, PREFIX, ROLES, RULES, PackageNames, Recorded, foreseen, sent, use, wish

from fmn_core.foresight import impossible, narrowed
from fmn_core.model import Filter, RuleUse

TOPICS = {PREFIX + title: 1 for title in ("oven.build", "oven.tag", "forum.post", "hall")}
OVEN = {PREFIX + "oven.build", PREFIX + "oven.tag"}

NARROWED = {
    "a topic": ([wish(use("builds"))], {PREFIX + "oven.build"}, []),
    "an application": ([wish(use("any_oven"))], OVEN, []),
    "a topic decides against its own hint": ([wish(use("some_oven"))], {PREFIX + "oven.build"}, []),
    "a negated rule on the topic": ([wish(use("!builds"), use("any_oven"))], {PREFIX + "oven.tag"}, []),
    "a negated rule on more than the topic": ([wish(use("!failed"), use("any_oven"))], OVEN, []),
    "a rule that raises": ([wish(use("!broken"))], None, []),
    "packages": ([wish(use("package", package="a, b"))], None, [{"p:a", "p:b"}]),
    "agents": ([wish(use("agent", nick="jane"))], None, [{"u:jane"}]),
    "packages of an owner": ([wish(use("mine", name="tom"))], None, [{"p:kernel"}]),
    "members of a group": ([wish(use("member", name="cats"))], None, [{"u:tom"}]),
    "two rules": ([wish(use("user", nick="jane"), use("mine", name="lena"))], None, [{"u:jane"}, {"p:bash"}]),
    "two filters": ([wish(use("user", nick="jane")), wish(use("mine", name="lena"))], None, [{"u:jane", "p:bash"}]),
    "two filters, one about anything": ([wish(use("user", nick="jane")), wish(use("tags"))], None, []),
    "two filters with a rule in common": (
        [wish(use("user", nick="jane"), use("builds")), wish(use("user", nick="jane"))], None, [{"u:jane"}],
    ),
    "one of two filters cannot match": ([wish(use("builds")), wish(use("nonesuch"))], {PREFIX + "oven.build"}, []),
}  # fmt: skip


@pytest.mark.parametrize(("filters", "topics", "terms"), NARROWED.values(), ids=NARROWED)
def test_search_for_filters(filters: list[Filter], topics: set[str] | None, terms: list[set[str]]) -> None:
    search = narrowed(filters, RULES, ROLES, TOPICS, NOW - timedelta(days=7), NOW)
    assert search is not None
    assert (search.topics, list(search.terms), search.every) == (topics, terms, 1)


NOTHING = {
    "no rules": [],
    "not installed": [use("nonesuch")],
    "argument missing": [use("package")],
    "no package": [use("mine", name="nobody")],
    "a topic that does not occur": [use("apps", apps="cellar")],
    "no topic is left": [use("any_oven"), use("!builds"), use("!tags")],
}


@pytest.mark.parametrize("uses", NOTHING.values(), ids=NOTHING)
def test_no_search_for_a_filter_that_cannot_match(uses: list[RuleUse]) -> None:
    assert narrowed([wish(*uses)], RULES, ROLES, TOPICS, NOW - timedelta(days=7), NOW) is None


IMPOSSIBLE = {
    "no rules": ([], "it has no rules, so it never matches"),
    "not installed": ([use("build")], "no rule is named 'build'; did you mean 'builds'?"),
    "wanted and not": (
        [use("package", package="a,b"), use("!package", package=["a", "b"])],
        "'About a package' must hold and must not hold",
    ),
    "two topics": ([use("builds"), use("tags")], "no message is both 'Any build' and 'Any tag'"),
    "two applications": (
        [use("any_oven"), use("apps", apps="forum")],
        "no message is both 'Anything from the oven' and 'From applications'",
    ),
    "all of an application but that application": (
        [use("failed"), use("!any_oven")],
        "'A build failed' holds only where 'Anything from the oven' does, which must not",
    ),
    "an application without itself": (
        [use("any_oven"), use("!apps", apps="forum, oven")],
        "'Anything from the oven' holds only where 'From applications' does, which must not",
    ),
    "a topic without itself": (
        [use("failed"), use("!builds")],
        "'A build failed' holds only where 'Any build' does, which must not",
    ),
}


@pytest.mark.parametrize(("uses", "reason"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_why_a_filter_can_never_match(uses: list[RuleUse], reason: str) -> None:
    assert impossible(wish(*uses), RULES, ROLES) == reason
    made = foreseen(Recorded([sent("oven.build", new=3)]), wish(*uses))
    assert (made.warnings, made.total) == ((reason,), 0)


def test_refused_arguments_make_a_filter_impossible() -> None:
    assert "package" in (impossible(wish(use("package", package="")), RULES, ROLES) or "")


POSSIBLE = {
    "a topic of an application": [use("builds"), use("any_oven")],
    "a rule and its topic": [use("failed"), use("builds")],
    "other arguments": [use("package", package="a"), use("!package", package="b")],
    "a rule that holds for some messages of an application": [use("tags"), use("!some_oven")],
    "one application of two": [use("apps", apps="oven, forum"), use("!any_oven")],
    "a topic without some of it": [use("builds"), use("!failed")],
    "an owner of nothing": [use("mine", name="nobody")],
}


@pytest.mark.parametrize("uses", POSSIBLE.values(), ids=POSSIBLE)
def test_what_may_match_is_not_called_impossible(uses: list[RuleUse]) -> None:
    assert impossible(wish(*uses), RULES, ROLES) is None


def test_what_an_argument_names_stands_in_its_schema() -> None:
    schema = PackageNames.model_json_schema()
    assert schema["properties"]["package"]["completes"] == "package"
