"""Rule: a named predicate on messages; Hint: what a message must carry for it; RuleBook: all rules. Floor F1."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from .errors import ArgumentsError, PluginError, UnknownNameError
from .lookups import Lookups
from .mistakes import first_causes, in_words
from .model import Message, topic_words
from .samples import Sample


class Arguments(BaseModel):
    """Base of a rule's arguments: one declaration gives validation, JSON schema and the form on the web."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


NO_ARGUMENTS = Arguments()


def _split(value: Any) -> Any:
    parts = value.split(",") if isinstance(value, str) else value
    if isinstance(parts, list | tuple | set | frozenset):
        return tuple(p.strip() if isinstance(p, str) else p for p in parts if p not in ("", None) and str(p).strip())
    return value


#: makes a tuple type of argument take ``a, b`` for its items, as people and historical filters write lists
COMMA_LIST = BeforeValidator(_split)
#: argument type: one line of text, not empty
Text = Annotated[str, Field(min_length=1, max_length=256)]
#: argument type: one or more words, given as a list or separated by commas
Words = Annotated[tuple[str, ...], COMMA_LIST, Field(min_length=1, max_length=256)]


def completes(kind: Literal["package", "user", "group", "app"]) -> Any:
    """Say of what an argument is a name, so that pages can complete it.

    It is a part of its annotation, and stands in its JSON schema: ``Annotated[Text, completes("package")]``.
    """
    return Field(json_schema_extra={"completes": kind})


_GLOB_MARKS = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Hint:
    """What a message must carry for a rule to hold. It narrows and never decides.

    Each field is None (says nothing) or the values of which the message must carry one; all fields that say
    something must agree.

    :param topics: ends of topics; one with ``*``, ``?`` or ``[`` is a glob on the topic with or without its prefix
    :param apps: applications, the fourth word of the topic
    :param packages: packages of the message
    :param usernames: usernames of the message
    :param agents: agent of the message
    :param owners: accounts or ``@groups`` to whom a package of the message belongs, in any role
    :param groups: groups in which a username of the message is
    """

    topics: tuple[str, ...] | None = None
    apps: tuple[str, ...] | None = None
    packages: tuple[str, ...] | None = None
    usernames: tuple[str, ...] | None = None
    agents: tuple[str, ...] | None = None
    owners: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None

    def admits_topic(self, topic: str) -> bool:
        """Tell whether the topic alone leaves it possible that the rule holds."""
        app, title = topic_words(topic)
        if self.apps is not None and app not in self.apps:
            return False
        return self.topics is None or any(topic_fits(pattern, topic, title) for pattern in self.topics)

    def admits(self, message: Message, lookups: Lookups) -> bool:
        """Tell whether the message carries all that the hint asks for."""
        facts = message.facts
        return (
            self.admits_topic(message.topic)
            and _common(self.packages, lambda: facts.packages)
            and _common(self.usernames, lambda: facts.usernames)
            and _common(self.agents, lambda: [facts.agent])
            and _common(self.owners, lambda: [o for p in facts.packages for o in lookups.owners(p)])
            and _common(self.groups, lambda: [g for u in facts.usernames for g in lookups.groups(u)])
        )


def _common(wanted: tuple[str, ...] | None, carried: Callable[[], Iterable[str | None]]) -> bool:
    return wanted is None or not set(wanted).isdisjoint(carried())


def topic_fits(pattern: str, topic: str, title: str) -> bool:
    """Tell whether a topic fits a pattern of :attr:`Hint.topics`.

    :param title: the topic without prefix and environment
    """
    if _GLOB_MARKS.isdisjoint(pattern):
        return topic.endswith(pattern)
    return fnmatchcase(topic, pattern) or fnmatchcase(title, pattern)


NO_HINT = Hint()

Predicate = Callable[[Message, Any, Lookups], object]


@dataclass(frozen=True, slots=True)
class Search:
    """Says that a rule holds just where an RE2 expression is found in a text of the message.

    A rule that says so lets thousands of people's expressions be searched for in one pass; its predicate stays what
    decides elsewhere, and must agree.

    :param texts: message -> texts (bytes are UTF-8), in any one of which the expression may be found
    :param pattern: validated arguments -> the expression for RE2 with its default options, flags written inside it
    """

    texts: Callable[[Message], Iterable[str | bytes]]
    pattern: Callable[[Any], str]


@dataclass(frozen=True, eq=False)
class Rule:
    """A named predicate that a plugin offers to users.

    :param identifier: unique over all plugins, such as ``koji_build_failed``; stored in people's filters
    :param description: Markdown
    :param hint: a fixed hint, or a function of the arguments
    :param predicate: ``(message, arguments, lookups)``; its truth value decides. It reads the message and asks the
        lookups, and touches neither network nor database
    :param search: for a rule that searches text for a user's expression, so that many can be searched for at once
    :param topic_decides: whether the predicate reads nothing but the topic, so that it is asked once for each topic
    """

    identifier: str
    title: str
    description: str
    predicate: Predicate
    arguments: type[Arguments] = Arguments
    hint: Hint | Callable[[Any], Hint] = NO_HINT
    samples: tuple[Sample, ...] = field(default=(), repr=False)
    search: Search | None = None
    topic_decides: bool = False

    def parse(self, arguments: Mapping[str, Any]) -> Arguments:
        """Validate raw arguments.

        :raises ArgumentsError: naming every argument that is missing, unknown or wrong
        """
        if not arguments and self.arguments is Arguments:
            return NO_ARGUMENTS
        try:
            return self.arguments.model_validate(arguments)
        except ValidationError as error:
            known = self.arguments.model_fields
            raise ArgumentsError(self.identifier, [_problem(e, known) for e in first_causes(error.errors())]) from None

    def hint_for(self, arguments: Any) -> Hint:
        """Return the hint for validated arguments."""
        return self.hint if isinstance(self.hint, Hint) else self.hint(arguments)

    def matches(self, message: Message, arguments: Any, lookups: Lookups) -> bool:
        """Tell whether the rule holds for a message. A topic outside the hint is False without asking further.

        :param arguments: validated, from :meth:`parse`
        :raises Exception: whatever the plugin's predicate raises
        """
        if not self.hint_for(arguments).admits_topic(message.topic):
            return False
        return bool(self.predicate(message, arguments, lookups))


def _problem(error: Any, known: Iterable[str]) -> str:
    where = ".".join(map(str, error["loc"])) or "arguments"
    if error["type"] == "extra_forbidden":
        return str(UnknownNameError("argument", where, known))
    if error["type"] == "missing":
        return f"{where!r} is required"
    if error["type"] in ("too_short", "string_too_short"):
        return f"{where!r} is empty, it needs a value"
    return f"{where!r}: {in_words(error)}"


def rule(
    identifier: str,
    *,
    topics: Sequence[str] | None = None,
    apps: Sequence[str] | None = None,
    hint: Callable[[Any], Hint] | None = None,
    search: Search | None = None,
    topic_decides: bool = False,
) -> Callable[[Callable[..., object]], Rule]:
    """Make a rule of a function whose docstring is its title (first line) and description (the rest).

    The function takes ``message``, and if it wants them ``arguments`` (annotated with a subclass of
    :class:`Arguments`) and ``lookups``, by these names::

        @rule("koji_build_failed", topics=["buildsys.build.state.change"])
        def build_failed(message):
            '''Build failed

            A build ended without success.
            '''
            return message.body["new"] == 3

    :param topics: fixed hint, see :attr:`Hint.topics`
    :param apps: fixed hint, see :attr:`Hint.apps`
    :param hint: function of the arguments, where the hint depends on them
    :param search: see :class:`Search`
    :param topic_decides: see :class:`Rule`
    """

    def make(function: Callable[..., object]) -> Rule:
        title, _, description = inspect.getdoc(function).partition("\n")  # type: ignore[union-attr] # None is an error
        fixed = Hint(topics=tuple(topics) if topics else None, apps=tuple(apps) if apps else None)
        return Rule(
            identifier=identifier,
            title=title.strip().rstrip("."),
            description=description.strip(),
            predicate=_predicate(function),
            arguments=get_type_hints(function).get("arguments", Arguments),
            hint=hint or fixed,
            search=search,
            topic_decides=topic_decides,
        )

    return make


def _predicate(function: Callable[..., Any]) -> Predicate:
    """Let a function that takes fewer arguments be called with all three."""
    names = tuple(inspect.signature(function).parameters)
    adapters: dict[tuple[str, ...], Predicate] = {
        ("message",): lambda message, arguments, lookups: function(message),
        ("message", "arguments"): lambda message, arguments, lookups: function(message, arguments),
        ("message", "lookups"): lambda message, arguments, lookups: function(message, lookups),
        ("message", "arguments", "lookups"): function,
    }
    if names not in adapters:
        raise PluginError(f"{function.__name__} must take message, arguments, lookups (fewer is fine), not {names}")
    return adapters[names]


def always(message: Message, arguments: Any, lookups: Lookups) -> bool:
    """Hold wherever the hint does: the predicate of rules that are a test of the topic alone."""
    return True


def topic_rule(identifier: str, suffix: str, title: str, description: str = "") -> Rule:
    """Make the commonest rule: the topic ends so."""
    return Rule(identifier, title, description or f"Messages whose topic ends in `{suffix}`.", always,
                hint=Hint(topics=(suffix,)), topic_decides=True)  # fmt: skip


def app_rule(identifier: str, app: str, title: str, description: str = "") -> Rule:
    """Make the second commonest rule: anything from one application."""
    return Rule(
        identifier,
        title,
        description or f"Every message of `{app}`.",
        always,
        hint=Hint(apps=(app,)),
        topic_decides=True,
    )


def with_samples(rules: Iterable[Rule], samples: Sequence[Sample]) -> list[Rule]:
    """Give each rule the samples that speak of it: those it must match, and those it must not."""
    return [replace(one, samples=tuple(s for s in samples if s.speaks_of(one.identifier))) for one in rules]


class RuleBook:
    """All rules by identifier, with the plugin each came from."""

    def __init__(self, rules: Iterable[Rule] = (), plugin: str = "") -> None:
        self._rules: dict[str, Rule] = {}
        self._plugins: dict[str, str] = {}
        for one in rules:
            self.add(one, plugin)

    def add(self, one: Rule, plugin: str = "") -> None:
        """Offer a rule.

        :raises PluginError: if another plugin has taken its identifier
        """
        if one.identifier in self._rules:
            owner = self._plugins[one.identifier] or "another plugin"
            raise PluginError(f"rule {one.identifier!r} is already offered by {owner}")
        self._rules[one.identifier] = one
        self._plugins[one.identifier] = plugin

    def get(self, identifier: str) -> Rule:
        """Return a rule.

        :raises UnknownNameError: naming what comes near
        """
        try:
            return self._rules[identifier]
        except KeyError:
            raise UnknownNameError("rule", identifier, self._rules) from None

    def plugin_of(self, identifier: str) -> str:
        """Return the entry point name of the plugin that offers a rule."""
        return self._plugins[identifier]

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._rules

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules.values())

    def __len__(self) -> int:
        return len(self._rules)
