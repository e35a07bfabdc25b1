"""The rules hold to their contract on the samples, and at the edges that history teaches."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import fmn_rules_generic
from fmn_core import ArgumentsError, Message, Rule, Summary, load_samples
from fmn_core.testing import check_rule, check_summary, lookups, message
from fmn_rules_generic.trac import TracSummary

RULES = {rule.identifier: rule for rule in fmn_rules_generic.fmn_register_rules()}
NOTHING_KNOWN = lookups()


class Builds(Summary):
    """What the plugin for Koji says of the builds among our samples, so that these tests need no other plugin."""

    apps = ("buildsys",)

    def usernames(self, message: Message) -> Iterable[str]:
        return [message.body["owner"]]

    def packages(self, message: Message) -> Iterable[str]:
        return [message.body["name"]]


class Untouchable:
    """Lookups that no rule may ask."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked")


def holds(rule: str, about: Message, known: Any = NOTHING_KNOWN, **arguments: Any) -> bool:
    return RULES[rule].matches(about, RULES[rule].parse(arguments), known)


def test_all_rules_of_the_generic_sections_are_here() -> None:
    assert set(RULES) == {
        "user_filter", "not_user_filter", "fas_group_member_filter", "user_package_filter",
        "user_package_commit_filter", "user_package_watch_filter", "package_filter", "package_regex_filter",
        "regex_filter", "trac_hosted_filter",
        "app_filter", "topic_filter", "severity_filter", "agent_filter", "group_package_filter", "field_filter",
    }  # fmt: skip


def test_the_readme_names_every_rule() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    assert [identifier for identifier in RULES if f"`{identifier}`" not in readme] == []


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.identifier)
def test_the_contract_of_a_rule(rule: Rule) -> None:
    check_rule(rule, summaries=[Builds(), TracSummary()])


def test_the_contract_of_the_summary() -> None:
    check_summary(TracSummary(), load_samples("fmn_rules_generic"))


@pytest.mark.parametrize("body", [{}, {"instance": None}, {"commit": 3}, {"ticket": [], "instance": {"base_url": "x"}}])
def test_odd_trac_messages_are_described_plainly(body: dict[str, Any]) -> None:
    facts = message("trac.ticket.update", body, summaries=[TracSummary()]).facts
    assert (facts.summary, facts.url, facts.agent) == ("trac.ticket.update", None, None)


REQUIRED = {
    "user_filter": "fasnick", "not_user_filter": "fasnick", "fas_group_member_filter": "group",
    "user_package_filter": "fasnick", "user_package_commit_filter": "fasnick", "user_package_watch_filter": "fasnick",
    "package_filter": "package", "package_regex_filter": "pattern", "regex_filter": "pattern",
    "trac_hosted_filter": "project", "app_filter": "apps", "topic_filter": "topics", "severity_filter": "levels",
    "agent_filter": "fasnick", "group_package_filter": "group", "field_filter": "path",
}  # fmt: skip


@pytest.mark.parametrize("given", [[], [""], [None]], ids=["absent", "empty", "null"])
@pytest.mark.parametrize("rule", REQUIRED)
def test_quirk_5_a_required_argument_left_empty_is_refused(rule: str, given: list[Any]) -> None:
    arguments = dict(zip([REQUIRED[rule]], given, strict=False))
    with pytest.raises(ArgumentsError, match=f"'{REQUIRED[rule]}'"):
        RULES[rule].parse(arguments)


@pytest.mark.parametrize("rule", ["user_filter", "not_user_filter", "package_filter", "trac_hosted_filter"])
def test_quirk_5_a_list_of_nothing_is_empty_too(rule: str) -> None:
    for nothing in (" , ,", [], [""]):
        with pytest.raises(ArgumentsError, match=f"'{REQUIRED[rule]}' is empty"):
            RULES[rule].parse({REQUIRED[rule]: nothing})


def test_lists_come_as_lists_or_between_commas() -> None:
    about = message("a.b", facts={"usernames": ["ava"], "packages": ["bash"]})
    for nicks in ("ava", "hugo,ava", " hugo , ava ,", ["hugo", "ava"]):
        assert holds("user_filter", about, fasnick=nicks)
        assert not holds("not_user_filter", about, fasnick=nicks)
    assert holds("package_filter", about, package="zsh, bash")
    assert not holds("package_filter", about, package="zsh, bash-doc")


def test_nobody_in_the_list_is_true_also_of_messages_about_nobody() -> None:
    assert holds("not_user_filter", message("a.b", facts={}), fasnick="ava")


def test_names_of_users_and_packages_are_compared_exactly() -> None:
    about = message("a.b", facts={"usernames": ["ava"], "packages": ["modules/php"], "agent": "ava"})
    assert not holds("user_filter", about, fasnick="Ava")
    assert not holds("agent_filter", about, fasnick="av")
    assert not holds("package_filter", about, package="php")
    assert holds("package_filter", about, package="modules/php")


OWNED = [
    ("user_package_filter", {"fasnick": "ava"}),
    ("user_package_commit_filter", {"fasnick": "ava"}),
    ("user_package_watch_filter", {"fasnick": "ava"}),
    ("group_package_filter", {"group": "kernel-sig"}),
]


@pytest.mark.parametrize(("rule", "arguments"), OWNED)
def test_ownership_is_not_looked_up_where_a_message_names_no_package(rule: str, arguments: dict[str, str]) -> None:
    assert not holds(rule, message("a.b", facts={}), Untouchable(), **arguments)


def test_quirk_7_the_three_ownership_rules_answer_for_their_roles_in_any_order() -> None:
    known = lookups(
        {
            "kernel": {"ava": "owner"},
            "bash": {"ava": "comaintainer"},
            "zsh": {"ava": "watcher"},
            "fish": {"mei": "owner"},
        }
    )
    expected = {
        "user_package_filter": {"kernel", "bash", "zsh"},
        "user_package_commit_filter": {"kernel", "bash"},
        "user_package_watch_filter": {"zsh"},
    }
    for order in (list(expected), list(reversed(expected))):
        for rule in order:
            about = {name: message("a.b", facts={"packages": [name]}) for name in ("kernel", "bash", "zsh", "fish")}
            assert {name for name in about if holds(rule, about[name], known, fasnick="ava")} == expected[rule]


def test_ownership_reaches_a_user_through_her_groups_but_not_a_group_through_its_members() -> None:
    known = lookups({"kernel": ["@kernel-sig"], "bash": ["ava"]}, {"kernel-sig": ["ava"]})
    kernel, bash = (message("a.b", facts={"packages": [name]}) for name in ("kernel", "bash"))
    assert holds("user_package_commit_filter", kernel, known, fasnick="ava")
    assert holds("group_package_filter", kernel, known, group="@kernel-sig")
    assert not holds("group_package_filter", bash, known, group="kernel-sig")


def test_one_of_several_packages_is_enough() -> None:
    about = message("a.b", facts={"packages": ["kernel", "bash"]})
    assert holds("user_package_filter", about, lookups({"bash": ["ava"]}), fasnick="ava")
    assert holds("package_regex_filter", about, pattern="^ba")


def test_members_of_a_group_are_compared_with_every_username() -> None:
    known = lookups(groups={"kernel-sig": ["ava"]})
    assert holds(
        "fas_group_member_filter", message("a.b", facts={"usernames": ["mei", "ava"]}), known, group="kernel-sig"
    )
    assert not holds("fas_group_member_filter", message("a.b", facts={"usernames": ["mei"]}), known, group="kernel-sig")
    assert not holds("fas_group_member_filter", message("a.b", facts={}), Untouchable(), group="kernel-sig")


TOPICS = [
    ("bodhi.update.*", True),
    ("*.update.*", True),
    ("org.fedoraproject.*.bodhi.*", True),
    ("org.fedoraproject.prod.bodhi.update.comment", True),
    ("bodhi.update.comment", True),
    ("bodhi.updat?.c[no]mment", True),
    ("koji.*, *.comment", True),
    ("*", True),
    ("[a-z]*", True),
    ("update.comment", False),
    ("bodhi.update", False),
    ("bodhi.update.c[!o]mment", False),
    ("Bodhi.*", False),
    ("prod.bodhi.*", False),
    ("bodhi.update.comment[", False),
]


@pytest.mark.parametrize(("glob", "expected"), TOPICS)
def test_topics_fit_as_a_whole_with_or_without_their_prefix(glob: str, expected: bool) -> None:
    assert holds("topic_filter", message("bodhi.update.comment"), topics=glob) is expected


def test_a_glob_without_a_literal_part_gives_no_hint() -> None:
    rule = RULES["topic_filter"]
    for glob in ("*", "?*", "*.*", "[a-z]*", "bodhi.*, *"):
        assert rule.hint_for(rule.parse({"topics": glob})).topics is None
    assert rule.hint_for(rule.parse({"topics": "bodhi.*, koji.tag"})).topics == ("bodhi.*", "koji.tag")


def test_short_topics_are_compared_as_they_are() -> None:
    assert holds("topic_filter", message("org.ping"), topics="org.p*")
    assert not holds("app_filter", message("org.ping"), apps="ping")


@pytest.mark.parametrize("apps", ["bodhi", "Bodhi", "koji, BODHI", ["bodhi"]])
def test_applications_are_named_in_any_case(apps: Any) -> None:
    assert holds("app_filter", message("bodhi.update.comment"), apps=apps)


def test_severities_are_a_closed_list() -> None:
    assert holds("severity_filter", message("a.b", severity=40), levels="warning, error")
    assert not holds("severity_filter", message("a.b", severity=20), levels=["warning", "error"])
    with pytest.raises(ArgumentsError, match="'debug', 'info', 'warning' or 'error'"):
        RULES["severity_filter"].parse({"levels": "loud"})


@pytest.mark.parametrize(("levels", "reason"), [("loud", "'levels.0'"), ("", "'levels' is empty")])
def test_a_wrong_severity_is_called_wrong_and_not_empty_too(levels: str, reason: str) -> None:
    with pytest.raises(ArgumentsError) as caught:
        RULES["severity_filter"].parse({"levels": levels})
    assert reason in str(caught.value)
    assert str(caught.value).count("'levels") == 1


LINKS = [
    ("https://fedorahosted.org/marbles/ticket/1", True),
    ("http://fedorahosted.org/marbles/", True),
    ("https://fedorahosted.org/marbles", False),
    ("https://fedorahosted.org/marbles2/ticket/1", False),
    ("https://git.fedorahosted.org/marbles/", False),
    (None, False),
]


@pytest.mark.parametrize(("url", "expected"), LINKS)
def test_trac_projects_are_found_by_the_link(url: str | None, expected: bool) -> None:
    assert holds("trac_hosted_filter", message("trac.ticket.new", facts={"url": url}), project="marbles") is expected


def test_trac_projects_are_a_matter_of_trac_alone() -> None:
    about = message("git.receive", facts={"url": "https://fedorahosted.org/marbles/"})
    assert not holds("trac_hosted_filter", about, project="marbles")
