"""Matching: which filters want a message. Two engines that always agree, and the words for why. Floor F3."""

from .base import Faults, Match, Matcher, TimesRules, notifications
from .explain import Explanation, FilterVerdict, PreferenceVerdict, RuleVerdict, explain
from .index import IndexMatcher
from .linear import LinearMatcher

__all__ = [
    "Explanation",
    "Faults",
    "FilterVerdict",
    "IndexMatcher",
    "LinearMatcher",
    "Match",
    "Matcher",
    "PreferenceVerdict",
    "RuleVerdict",
    "TimesRules",
    "explain",
    "notifications",
]
