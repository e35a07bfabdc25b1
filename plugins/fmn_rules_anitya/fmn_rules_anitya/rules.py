"""The rules of Anitya. Messages of 2014 are flat: what is under ``message`` today is the body itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fmn_core import Arguments, Message, Rule, Sample, Text, Words, app_rule, rule, topic_rule

from .settings import VERSION_TOPICS

FEDORA = "fedora"


def content(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a message says: its ``message``, or the body itself where it is flat.

    A null ``message`` is returned as it is: rules that look into it raise, and so do not match.
    """
    found: Mapping[str, Any] = body.get("message", body)
    return found


def package_distros(body: Mapping[str, Any]) -> Iterator[str]:
    """Return the distributions that package the project, in small letters."""
    for package in content(body)["packages"]:
        yield package["distro"].lower()


def distros(body: Mapping[str, Any]) -> Iterator[str]:
    """Return every distribution that a message names, in small letters.

    :raises Exception: if a name is null, or there is nothing where the message should be
    """
    project = body.get("project") or {}
    for distro in (body.get("distro"), project.get("distro")):
        if distro:
            yield distro["name"].lower()
    said = content(body)
    if said.get("packages"):
        yield from package_distros(body)
    if isinstance(said.get("distro"), str):  # a removed mapping names it here only
        yield said["distro"].lower()


class Distro(Arguments):
    """Name of a distribution, in any case."""

    distro: Text


@rule("anitya_specific_distro", apps=["anitya"])
def specific_distro(message: Message, arguments: Distro) -> bool:
    """Events of one distribution

    Messages that concern a distribution such as `Fedora`: it was added or renamed, a project was mapped to one of its
    packages, or one of its packages has a new release upstream. Capital letters do not matter.
    """
    return arguments.distro.lower() in distros(message.body)


class Projects(Arguments):
    """Names of upstream projects, as Anitya writes them."""

    projects: Words


@rule("anitya_by_upstream_project", apps=["anitya"])
def by_upstream_project(message: Message, arguments: Projects) -> bool:
    """Events of named upstream projects

    Messages about one of the named projects. Names are those of upstream, not of packages; capital letters matter.
    """
    project = message.body.get("project")
    return project["name"] in arguments.projects if project else False


def unmapped_new_update(topic: str) -> Rule:
    """Make the rule for releases that concern no package of Fedora."""

    @rule("anitya_unmapped_new_update", topics=[topic])
    def unmapped(message: Message) -> bool:
        """New upstream release nobody in Fedora packages

        A project has a new release, and no package of Fedora is mapped to it.
        """
        return FEDORA not in package_distros(message.body)

    return unmapped


def anitya_rules(version_topic: str) -> list[Rule]:
    """Make all rules.

    :param version_topic: end of the topic on which new releases are announced
    """
    return [
        app_rule("anitya_catchall", "anitya", "Anything from release monitoring"),
        specific_distro,
        by_upstream_project,
        topic_rule("anitya_new_update", version_topic, "New upstream release"),
        unmapped_new_update(version_topic),
        topic_rule("anitya_distro_add", "anitya.distro.add", "Distribution added"),
        topic_rule("anitya_distro_update", "anitya.distro.edit", "Distribution renamed"),
        topic_rule("anitya_project_add", "anitya.project.add", "Project added"),
        topic_rule("anitya_project_add_tried", "anitya.project.add.tried", "Attempt to add an existing project"),
        topic_rule("anitya_project_update", "anitya.project.edit", "Project edited"),
        topic_rule("anitya_project_deleted", "anitya.project.remove", "Project deleted"),
        topic_rule("anitya_info_update", "anitya.project.update", "Project metadata refreshed"),
        topic_rule("anitya_mapping_new", "anitya.project.map.new", "Project mapped to a package"),
        topic_rule("anitya_mapping_update", "anitya.project.map.update", "Mapping changed"),
        topic_rule("anitya_mapping_deleted", "anitya.project.map.remove", "Mapping deleted"),
        topic_rule("anitya_flag_new", "anitya.project.flag", "Project flagged"),
        topic_rule("anitya_flag_update", "anitya.project.flag.set", "Flag state changed"),
    ]


def as_configured(sample: Sample, version_topic: str) -> Sample:
    """Return a sample as it is true of the configured topic: where that is not the default, both topics change places.

    :param version_topic: see :func:`anitya_rules`
    """
    default, other = VERSION_TOPICS.values()
    if version_topic == default:
        return sample
    topic = sample.message["topic"]
    for old, new in ((default, other), (other, default)):
        if topic.endswith(old):
            return replace(sample, message={**sample.message, "topic": topic.removesuffix(old) + new})
    return sample
