"""The contract of rules. Floor F4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fmn_core.codec import message_from
from fmn_core.lookups import Lookups
from fmn_core.model import Message, of_topic
from fmn_core.rules import Rule
from fmn_core.samples import Sample
from fmn_core.snapshot import Snapshot
from fmn_core.summaries import Summary, SummaryBook

from .expecting import expect
from .factories import lookups
from .summaries import book_of


def check_rule(
    rule: Rule, samples: Sequence[Sample] | None = None, summaries: Iterable[Summary] | SummaryBook = ()
) -> None:
    """Hold a rule to its contract.

    It has words for people, at least one sample that it matches and one that it does not, decides each of them as
    stated, and never matches what its hint leaves out.

    :param samples: the samples to hold it to; None for its own
    :param summaries: describe the samples' messages
    """
    name, book = rule.identifier, book_of(summaries)
    samples = rule.samples if samples is None else [s for s in samples if s.speaks_of(rule.identifier)]
    expect(bool(rule.title and rule.description), f"rule {name!r} has no title or no description")
    for side in ("matches", "misses"):
        expect(any(getattr(s, side).get(name) for s in samples), f"rule {name!r} has no sample that it {side}")
    for sample in samples:
        about = book.describe(message_from(sample.message))
        known = lookups(**sample.lookups)
        for expected, uses in ((True, sample.matches), (False, sample.misses)):
            for arguments in uses.get(name, ()):
                what = f"rule {name!r} with {arguments} on sample {sample.title!r}"
                _check_decision(rule, arguments, about, known, expected, what)


def _check_decision(
    rule: Rule, raw: Mapping[str, Any], about: Message, known: Lookups, expected: bool, what: str
) -> None:
    arguments = rule.parse(raw)
    decision = rule.matches(about, arguments, known)
    expect(decision is expected, f"{what}: {decision}, expected {expected}")
    admitted = rule.hint_for(arguments).admits(about, known)
    expect(admitted or not decision, f"{what}: matches a message that its hint leaves out")
    if rule.topic_decides and admitted:
        alike = rule.matches(of_topic(about.topic), arguments, Snapshot())
        expect(alike is decision, f"{what}: reads more than the topic, which it says decides alone")
