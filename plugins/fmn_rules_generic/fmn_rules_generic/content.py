"""Rules on what any message carries: its application, topic, severity, link and text."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from fmn_core import COMMA_LIST, Arguments, Hint, Message, Search, Severity, Words, completes, rule

from .expressions import Expression, IgnoreCase, Pattern, body_text, with_flags

#: what a glob means something special by; the rest of it is literal
_WILD = re.compile(r"[*?]|\[[^\]]*\]")


Level = Literal["debug", "info", "warning", "error"]


class Apps(Arguments):
    """One or more applications."""

    apps: Annotated[Words, completes("app")] = Field(
        title="Applications",
        description="Names as in the fourth word of a topic, separated by commas: `bodhi, pagure`.",
    )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """As they were written, and in small letters, as applications write themselves."""
        return tuple(dict.fromkeys(name for app in self.apps for name in (app, app.lower())))


class Topics(Arguments):
    """One or more globs on topics."""

    topics: Words = Field(
        title="Topics",
        description="Topics, separated by commas, where `*` stands for anything, `?` for one character and `[ab]` for "
        "one of several: `bodhi.update.*`. Prefix and environment (`org.fedoraproject.prod.`) may be left out.",
    )

    @cached_property
    def glob(self) -> re.Pattern[str]:
        """All globs as one expression."""
        return re.compile("|".join(map(translate, self.topics)))

    @cached_property
    def hint(self) -> Hint:
        """The globs; nothing, where one of them says nothing."""
        if all(_WILD.sub("", glob).strip(".") for glob in self.topics):
            return Hint(topics=self.topics)
        return Hint()


class Levels(Arguments):
    """One or more severities."""

    levels: Annotated[tuple[Level, ...], COMMA_LIST, Field(min_length=1)] = Field(
        title="Severities", description="Of debug, info, warning, error."
    )

    @cached_property
    def severities(self) -> frozenset[int]:
        """The levels in the numbers that messages carry."""
        return frozenset(Severity[level.upper()] for level in self.levels)


class Projects(Arguments):
    """One or more Trac projects."""

    project: Words = Field(title="Projects", description="Names of projects, separated by commas.")

    @cached_property
    def places(self) -> tuple[str, ...]:
        """What the link of a message of each project contains."""
        return tuple(f"://fedorahosted.org/{project}/" for project in self.project)


class BodyPattern(Arguments):
    """An expression on the text of a message."""

    pattern: Pattern = Field(title="Expression", description='Found anywhere in the body as JSON: `"branch":"f4[23]"`.')
    ignore_case: IgnoreCase = False

    @cached_property
    def expression(self) -> Expression:
        """The pattern, compiled once."""
        return Expression(self.pattern, self.ignore_case)


@rule("app_filter", hint=lambda arguments: Hint(apps=arguments.names), topic_decides=True)
def app(message: Message, arguments: Apps) -> bool:
    """From certain applications

    Every message of these applications, whether their names are written large or small.
    """
    return message.app in arguments.names


@rule("topic_filter", hint=lambda arguments: arguments.hint, topic_decides=True)
def topic(message: Message, arguments: Topics) -> bool:
    """Topic like

    Messages whose topic fits one of these patterns, as a whole or without its prefix and environment.
    """
    fits = arguments.glob.match
    return fits(message.topic) is not None or fits(message.facts.title) is not None


@rule("severity_filter")
def severity(message: Message, arguments: Levels) -> bool:
    """Of certain severity

    Messages that their sender marked so. Nearly all are `info`.
    """
    return message.severity in arguments.severities


_IN_BODY = Search(
    lambda message: (body_text(message),), lambda arguments: with_flags(arguments.pattern, arguments.ignore_case)
)


@rule("regex_filter", search=_IN_BODY)
def body_pattern(message: Message, arguments: BodyPattern) -> bool:
    """Text of the message matches an expression

    Messages in whose body the expression is found. The body is searched as JSON with sorted keys, no blanks between
    its parts, and letters as they are, so names of fields can be part of the expression: `"owner":"ralph"`. The topic
    is not searched. The syntax is that of [RE2](https://github.com/google/re2/wiki/Syntax).
    """
    return arguments.expression.found_in(body_text(message))


@rule("trac_hosted_filter", apps=["trac"])
def trac_hosted(message: Message, arguments: Projects) -> bool:
    """Chosen Trac projects

    Messages of Trac whose link leads into one of these projects on fedorahosted.org. That service is closed: the rule
    serves history.
    """
    url = message.facts.url
    return url is not None and any(place in url for place in arguments.places)


RULES = (app, topic, severity, body_pattern, trac_hosted)
