"""The contract of summaries, and the facts that samples state. Floor F4."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from fmn_core.codec import message_from
from fmn_core.samples import Sample
from fmn_core.summaries import Summary, SummaryBook, freeze

from .expecting import expect


def check_summary(summary: Summary, samples: Iterable[Sample]) -> None:
    """Hold a summary to its contract: on samples of its applications it never raises and derives the facts stated."""
    expect(bool(summary.apps), f"{type(summary).__name__} serves no application")
    for sample in samples:
        about = message_from(sample.message)
        if about.app in summary.apps:
            for fact in ("summary", "details", "url", "agent", "usernames", "packages", "thread", "event"):
                getattr(summary, fact)(about)
            check_facts(sample, [summary])


def check_facts(sample: Sample, summaries: Iterable[Summary] | SummaryBook) -> None:
    """Hold the facts that summaries derive of a sample to those that it states."""
    facts = dataclasses.asdict(freeze(book_of(summaries).describe(message_from(sample.message)).facts))
    for fact, expected in sample.facts.items():
        derived = facts[fact]
        equal = sorted(derived) == sorted(expected) if isinstance(derived, frozenset) else derived == expected
        expect(equal, f"{fact} of sample {sample.title!r}: {derived!r}, expected {expected!r}")


def book_of(summaries: Iterable[Summary] | SummaryBook) -> SummaryBook:
    """Make a book of summaries, unless they are in one."""
    return summaries if isinstance(summaries, SummaryBook) else SummaryBook(summaries)
