"""Default filters: what a new account starts with, from what the installed plugins contribute. Floor F1."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .model import Filter, RuleUse
from .rules import RuleBook

log = logging.getLogger(__name__)

#: stands for the account's name in the arguments of a default
NICK = "{nick}"


@dataclass(frozen=True)
class DefaultFilter:
    """A filter that every new account gets.

    :param key: by which exclusions of other plugins refer to it
    :param rules: what it is about; a rule that is not installed makes the whole filter fall away
    """

    key: str
    name: str
    rules: tuple[RuleUse, ...]


@dataclass(frozen=True)
class Exclusion:
    """A noisy rule that default filters leave out: it is added to them negated.

    :param filters: keys of the default filters; empty for all
    """

    rule: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    filters: tuple[str, ...] = ()


Default = DefaultFilter | Exclusion


def default_filters(nick: str, defaults: Iterable[Default], rules: RuleBook) -> list[Filter]:
    """Build the filters of a new account.

    :param defaults: what plugins contributed, in the order of the plugins
    :returns: filters with empty ids, in the order they were contributed
    """
    everything = list(defaults)
    exclusions = [d for d in everything if isinstance(d, Exclusion)]
    wholes = [d for d in everything if isinstance(d, DefaultFilter)]
    return [_filter(nick, whole, exclusions, rules) for whole in wholes if _installed(whole, rules)]


def _installed(whole: DefaultFilter, rules: RuleBook) -> bool:
    missing = [use.rule for use in whole.rules if use.rule not in rules]
    if missing:
        log.info("default filter %r falls away: %s not installed", whole.name, ", ".join(missing))
    return not missing


def _filter(nick: str, whole: DefaultFilter, exclusions: list[Exclusion], rules: RuleBook) -> Filter:
    uses = [RuleUse(use.rule, _for(nick, use.arguments), use.negated) for use in whole.rules]
    for exclusion in exclusions:
        if exclusion.filters and whole.key not in exclusion.filters:
            continue
        if exclusion.rule not in rules:
            log.info("exclusion %r of default filter %r is skipped: not installed", exclusion.rule, whole.name)
            continue
        uses.append(RuleUse(exclusion.rule, _for(nick, exclusion.arguments), negated=True))
    return Filter(id="", name=whole.name, rules=tuple(uses))


def _for(nick: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: nick if value == NICK else value for name, value in arguments.items()}
