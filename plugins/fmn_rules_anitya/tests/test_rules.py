"""The rules of Anitya against their samples, and the edges that samples do not show."""

from pathlib import Path

import pytest

from fmn_core import ArgumentsError, ConfigError, Exclusion, Settings
from fmn_core.testing import check_rule, lookups, message
from fmn_rules_anitya import fmn_register_default_filters, fmn_register_rules

V1, V2 = "anitya.project.version.update", "anitya.project.version.update.v2"


def offered(**section):
    settings = Settings(plugin={"anitya": section} if section else {})
    return {rule.identifier: rule for rule in fmn_register_rules(settings)}


RULES = offered()


def holds(identifier, topic, body, rules=RULES, **arguments):
    rule = rules[identifier]
    return rule.matches(message(topic, body), rule.parse(arguments), lookups())


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("identifier", RULES)
def test_rule_decides_its_samples_as_stated(identifier, version):
    check_rule(offered(version_update=version)[identifier])


def test_readme_lists_every_rule():
    readme = Path(__file__).parents[1].joinpath("README.md").read_text("utf-8")
    assert [identifier for identifier in RULES if f"| `{identifier}" not in readme] == []


def test_all_seventeen_rules_are_offered():
    assert len(RULES) == 17


@pytest.mark.parametrize("identifier", ["anitya_new_update", "anitya_unmapped_new_update"])
@pytest.mark.parametrize(("version", "followed", "left"), [("v1", V1, V2), ("v2", V2, V1)])
def test_rules_follow_one_form_of_a_release_and_never_both(identifier, version, followed, left):
    rules, body = offered(version_update=version), {"message": {"packages": []}}
    assert holds(identifier, followed, body, rules)
    assert not holds(identifier, left, body, rules)


def test_a_form_that_does_not_exist_is_refused():
    with pytest.raises(ConfigError, match=r"plugin\.anitya\.version_update"):
        offered(version_update="both")


@pytest.mark.parametrize(
    ("identifier", "event"),
    [
        ("anitya_project_update", "project.edit"),
        ("anitya_info_update", "project.update"),
        ("anitya_project_deleted", "project.remove"),
        ("anitya_mapping_deleted", "project.map.remove"),
        ("anitya_distro_update", "distro.edit"),
        ("anitya_flag_new", "project.flag"),
        ("anitya_flag_update", "project.flag.set"),
        ("anitya_project_add", "project.add"),
        ("anitya_project_add_tried", "project.add.tried"),
    ],
)
def test_names_and_topics_that_differ(identifier, event):
    plain = [i for i, rule in RULES.items() if not rule.arguments.model_fields]
    matching = {i for i in plain if holds(i, f"anitya.{event}", {})}
    assert matching == {identifier, "anitya_catchall"}


@pytest.mark.parametrize("event", ["distro.remove", "project.version.remove", "project.version.remove.v2"])
def test_topics_without_a_rule_are_caught_by_the_catchall_only(event):
    plain = [i for i, rule in RULES.items() if not rule.arguments.model_fields]
    assert {i for i in plain if holds(i, f"anitya.{event}", {})} == {"anitya_catchall"}


@pytest.mark.parametrize("case", ["Fedora", "fedora", "FEDORA"])
@pytest.mark.parametrize(
    "body",
    [
        {"distro": {"name": "fedora"}, "message": {}},
        {"distro": None, "project": {"distro": {"name": "Fedora"}}, "message": {}},
        {"message": {"packages": [{"distro": "Debian"}, {"distro": "FEDORA"}]}},
        {"distro": None, "project": None, "message": {"distro": "Fedora"}},
        {"project": {"distro": None}, "packages": [{"distro": "fedora"}]},
    ],
    ids=["distro", "distro of the project", "packages", "distro of a removed mapping", "packages of a flat body"],
)
def test_distribution_is_found_wherever_it_stands_in_any_case(body, case):
    assert holds("anitya_specific_distro", V1, body, distro=case)
    assert not holds("anitya_specific_distro", V1, body, distro="Fedor")


def test_packages_beside_a_message_are_not_searched():
    body = {"message": {"reason": "moved"}, "packages": [{"distro": "Fedora"}]}
    assert not holds("anitya_specific_distro", "anitya.project.flag", body, distro="Fedora")


@pytest.mark.parametrize("body", [{"message": None}, {"distro": {"name": None}}, {"message": {"packages": [{}]}}])
def test_a_null_message_or_name_is_an_error_and_no_match(body):
    with pytest.raises((AttributeError, KeyError, TypeError)):
        holds("anitya_specific_distro", V1, body, distro="Fedora")


@pytest.mark.parametrize("body", [{"project": None}, {}, {"project": {}}])
def test_no_project_is_no_match(body):
    assert holds("anitya_by_upstream_project", "anitya.distro.add", body, projects="teapot") is False


def test_projects_are_compared_by_case_and_whole():
    body = {"project": {"name": "Teapot"}}
    assert holds("anitya_by_upstream_project", V2, body, projects=" kettle, ,Teapot")
    assert not holds("anitya_by_upstream_project", V2, body, projects="teapot, Tea")


@pytest.mark.parametrize(
    "body", [{"message": None}, {"message": {}}, {}, {"message": {"packages": [{"distro": None}]}}]
)
def test_a_release_without_list_of_packages_is_an_error_and_no_match(body):
    with pytest.raises((AttributeError, KeyError, TypeError)):
        holds("anitya_unmapped_new_update", V1, body)


@pytest.mark.parametrize(
    ("identifier", "arguments"),
    [
        ("anitya_specific_distro", {}),
        ("anitya_specific_distro", {"distro": " "}),
        ("anitya_by_upstream_project", {"projects": ""}),
        ("anitya_by_upstream_project", {"projects": 7}),
        ("anitya_catchall", {"distro": "Fedora"}),
    ],
)
def test_arguments_that_do_not_fit_are_refused(identifier, arguments):
    with pytest.raises(ArgumentsError):
        RULES[identifier].parse(arguments)


def test_default_filters_leave_release_monitoring_out():
    assert fmn_register_default_filters() == [Exclusion("anitya_catchall")]
