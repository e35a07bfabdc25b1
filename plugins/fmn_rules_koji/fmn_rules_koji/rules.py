"""The rules of Koji. Builds carry their state as a number, scratch builds as a word."""

from __future__ import annotations

from fmn_core import Arguments, Message, Words, app_rule, rule, topic_rule

BUILD = "buildsys.build.state.change"
SCRATCH = "buildsys.task.state.change"

#: states of a build, as Koji numbers them
STARTED, COMPLETED, DELETED, FAILED, CANCELLED = range(5)


def in_state(message: Message, state: int) -> bool:
    """Tell whether a build is now in a state. A boolean is no state, although Python holds it for a number.

    :raises KeyError: if the message does not say
    """
    new = message.body["new"]
    return not isinstance(new, bool) and bool(new == state)


class Instances(Arguments):
    """Names of Koji instances, such as ``primary``, ``arm``, ``ppc``, ``s390``."""

    instance: Words


@rule("koji_instance", apps=["buildsys"])
def instance(message: Message, arguments: Instances) -> bool:
    """Chosen Koji instances

    Messages of one of the named instances: `primary`, or a secondary one such as `arm`, `ppc` or `s390`. A message
    that names no instance comes from `primary`.
    """
    return (message.body.get("instance") or "primary") in arguments.instance


@rule("koji_scratch_build_started", topics=[SCRATCH])
def scratch_build_started(message: Message) -> bool:
    """Scratch build started

    A scratch build, which is thrown away after some days, began to run.
    """
    return bool(message.body["new"] == "OPEN")


@rule("koji_scratch_build_completed", topics=[SCRATCH])
def scratch_build_completed(message: Message) -> bool:
    """Scratch build completed

    A scratch build ended well.
    """
    return bool(message.body["new"] == "CLOSED")


@rule("koji_scratch_build_failed", topics=[SCRATCH])
def scratch_build_failed(message: Message) -> bool:
    """Scratch build failed

    A scratch build ended with an error.
    """
    return bool(message.body["new"] == "FAILED")


@rule("koji_scratch_build_cancelled", topics=[SCRATCH])
def scratch_build_cancelled(message: Message) -> bool:
    """Scratch build cancelled

    Somebody stopped a scratch build.
    """
    return bool(message.body["new"] == "CANCELED")


@rule("koji_build_started", topics=[BUILD])
def build_started(message: Message) -> bool:
    """Build started

    Koji began to build a package.
    """
    return in_state(message, STARTED)


@rule("koji_build_completed", topics=[BUILD])
def build_completed(message: Message) -> bool:
    """Build completed

    A package was built successfully.
    """
    return in_state(message, COMPLETED)


@rule("koji_build_deleted", topics=[BUILD])
def build_deleted(message: Message) -> bool:
    """Build deleted

    A build was removed from Koji.
    """
    return in_state(message, DELETED)


@rule("koji_build_failed", topics=[BUILD])
def build_failed(message: Message) -> bool:
    """Build failed

    A build ended with an error.
    """
    return in_state(message, FAILED)


@rule("koji_build_cancelled", topics=[BUILD])
def build_cancelled(message: Message) -> bool:
    """Build cancelled

    Somebody stopped a build.
    """
    return in_state(message, CANCELLED)


RULES = (
    app_rule("koji_catchall", "buildsys", "Anything from Koji"),
    instance,
    topic_rule("koji_scratch_build_state_change", SCRATCH, "Scratch build, any state"),
    scratch_build_started,
    scratch_build_completed,
    scratch_build_failed,
    scratch_build_cancelled,
    topic_rule("koji_build_state_change", BUILD, "Build, any state"),
    build_started,
    build_completed,
    build_deleted,
    build_failed,
    build_cancelled,
    topic_rule("koji_package_list_change", "buildsys.package.list.change", "A tag's package list changed"),
    topic_rule("koji_repo_init", "buildsys.repo.init", "Repository regeneration began"),
    topic_rule("koji_repo_done", "buildsys.repo.done", "Repository regeneration ended"),
    topic_rule("koji_tag", "buildsys.tag", "Build tagged"),
    topic_rule("koji_untag", "buildsys.untag", "Build untagged"),
    topic_rule("koji_rpm_sign", "buildsys.rpm.sign", "RPM signed"),
)
