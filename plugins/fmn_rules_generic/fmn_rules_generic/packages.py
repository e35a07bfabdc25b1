"""Rules on the packages a message is about, and on whose they are.

A message that names no package is answered before any lookup is asked.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field

from fmn_core import (
    ALL_ROLES,
    COMMIT_ROLES,
    GROUP_MARK,
    Arguments,
    Hint,
    Lookups,
    Message,
    Role,
    Rule,
    Search,
    Text,
    Words,
    completes,
    rule,
)

from .expressions import Expression, Pattern


class Owner(Arguments):
    """One account, of whose packages a rule speaks."""

    fasnick: Annotated[Text, completes("user")] = Field(title="User", description="Account name.")


class PackageNames(Arguments):
    """One or more packages."""

    package: Annotated[Words, completes("package")] = Field(
        title="Packages",
        description="Exact names, separated by commas. Outside `rpms` with the namespace: `modules/php`.",
    )


class PackagePattern(Arguments):
    """An expression on names of packages."""

    pattern: Pattern = Field(title="Expression", description="Found anywhere in the name: `^python3-`, `-devel$`.")

    @cached_property
    def expression(self) -> Expression:
        """The pattern, compiled once."""
        return Expression(self.pattern)


def _without_mark(groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(group.removeprefix(GROUP_MARK) for group in groups)


class Groups(Arguments):
    """One or more groups that maintain packages."""

    group: Annotated[Words, AfterValidator(_without_mark), completes("group")] = Field(
        title="Groups", description="Names of groups that maintain packages, separated by commas."
    )

    @cached_property
    def owners(self) -> tuple[str, ...]:
        """The groups as they stand among owners."""
        return tuple(GROUP_MARK + group for group in self.group)


def _owned(identifier: str, title: str, description: str, roles: frozenset[Role]) -> Rule:
    def predicate(message: Message, arguments: Owner, lookups: Lookups) -> bool:
        packages = message.facts.packages
        return bool(packages) and not lookups.packages(arguments.fasnick, roles).isdisjoint(packages)

    return Rule(identifier, title, description, predicate, Owner, _of_owner)


def _of_owner(arguments: Owner) -> Hint:
    return Hint(owners=(arguments.fasnick,))


user_package = _owned(
    "user_package_filter",
    "About a user's packages, in any role",
    "Messages about a package that this account owns, co-maintains or watches, itself or through one of its groups.",
    ALL_ROLES,
)
user_package_commit = _owned(
    "user_package_commit_filter",
    "About packages a user may commit to",
    "Messages about a package that this account owns or co-maintains, itself or through one of its groups.",
    COMMIT_ROLES,
)
user_package_watch = _owned(
    "user_package_watch_filter",
    "About packages a user watches",
    "Messages about a package that this account watches, itself or through one of its groups, and no more than that.",
    frozenset({Role.WATCHER}),
)


@rule("group_package_filter", hint=lambda arguments: Hint(owners=arguments.owners))
def group_package(message: Message, arguments: Groups, lookups: Lookups) -> bool:
    """About packages of a group

    Messages about a package that one of these groups maintains as a group. What its members maintain on their own
    does not count.
    """
    packages = message.facts.packages
    return bool(packages) and any(not lookups.packages(owner).isdisjoint(packages) for owner in arguments.owners)


@rule("package_filter", hint=lambda arguments: Hint(packages=arguments.package))
def package(message: Message, arguments: PackageNames) -> bool:
    """About a package

    Messages about one of these packages.
    """
    return not message.facts.packages.isdisjoint(arguments.package)


def _names(message: Message) -> list[bytes]:
    return [name.encode("utf-8", "replace") for name in message.facts.packages]


@rule("package_regex_filter", search=Search(_names, lambda arguments: arguments.pattern))
def package_pattern(message: Message, arguments: PackagePattern) -> bool:
    """About packages whose name matches an expression

    Messages about a package in whose name the expression is found. The syntax is that of
    [RE2](https://github.com/google/re2/wiki/Syntax); capital and small letters differ.
    """
    return any(map(arguments.expression.found_in, _names(message)))


RULES = (
    user_package,
    user_package_commit,
    user_package_watch,
    group_package,
    package,
    package_pattern,
)
