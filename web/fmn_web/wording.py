"""Wording: what the store and the rules know, in the words of people. Plain text; templates escape it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup

from fmn_core.matching import RuleVerdict
from fmn_core.model import Filter, Outcome, RuleUse
from fmn_core.rules import Hint, RuleBook
from fmn_core.store import LedgerEntry

#: characters of an argument
_LONGEST = 80
#: what a hint may speak of
_HINTS = {
    "topics": "messages on", "apps": "messages of", "packages": "about package", "usernames": "about user",
    "agents": "done by", "owners": "about packages of", "groups": "about members of",
}  # fmt: skip
#: exclusions that are told one by one
_EXCLUSIONS = 3


def rule_in_words(use: RuleUse, rules: RuleBook) -> str:
    """Return what a rule asks for: ``but not done by a user (ava)``."""
    title = rules.get(use.rule).title if use.rule in rules else f"{use.rule} (its plugin is not installed)"
    return f"{f'but not {_within(title)}' if use.negated else title}{arguments_in_words(use, rules)}"


def arguments_in_words(use: RuleUse | RuleVerdict, rules: RuleBook) -> str:
    """Return what a rule is given, behind its title: ``(ava)``; each with its label where it is not alone."""
    values = use.arguments
    if len(values) == 1 and not isinstance(only := next(iter(values.values())), bool):
        return f" ({value_in_words(only)})"
    declared = rules.get(use.rule).arguments.model_fields if use.rule in rules else {}
    labels = {name: one.title for name, one in declared.items() if one.title}
    told = ", ".join(f"{labels.get(name, name)}: {value_in_words(value)}" for name, value in values.items())
    return f" ({told})" if told else ""


def _within(title: str) -> str:
    """Return a title as it stands in the midst of a sentence: ``RPM sign`` stays, ``Build failed`` does not."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def hint_in_words(hint: Hint) -> str:
    """Return which messages a rule looks at; empty for all."""
    told = [(name, getattr(hint, name)) for name in _HINTS if getattr(hint, name) is not None]
    return "; ".join(f"{_HINTS[name]} {' or '.join(values)}" for name, values in told)


def value_in_words(value: Any) -> str:
    """Return an argument as text, a list with commas, something long cut."""
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def filter_in_words(one: Filter, rules: RuleBook) -> str:
    """Return what a filter lets through, in one line: what it asks for first, then what it leaves out."""
    uses = sorted(one.rules, key=lambda use: use.negated)
    more = max(0, sum(use.negated for use in uses) - _EXCLUSIONS - 1)  # the last one is told in place of "one more"
    more += more > 0
    told = [rule_in_words(use, rules) for use in uses[: len(uses) - more]]
    told[1:] = [_within(one) for one in told[1:]]
    return ", ".join([*told, *([f"and without {more} things more"] if more else [])]) or "no rules, so it never matches"


def outcome_in_words(entry: LedgerEntry) -> str:
    """Return what became of a notification."""
    because = f": {entry.reason}" if entry.reason else ""
    until = f" until {entry.until:%Y-%m-%d %H:%M} UTC" if entry.until else ""
    return {
        Outcome.SENT: "sent",
        Outcome.QUEUED: "about to be sent",
        Outcome.DEFERRED: f"waits{until}{because}",
        Outcome.FAILED: f"failed{because}",
        Outcome.SUPPRESSED: f"not sent{because}",
    }[entry.outcome]


def moment(when: datetime | None) -> Markup:
    """Return a moment as an element of HTML."""
    if when is None:
        return Markup("")
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(), f"{when:%Y-%m-%d %H:%M} UTC")


GLOBALS: Mapping[str, Any] = {
    "arguments_in_words": arguments_in_words,
    "filter_in_words": filter_in_words,
    "moment": moment,
    "outcome_in_words": outcome_in_words,
    "rule_in_words": rule_in_words,
    "value_in_words": value_in_words,
}
