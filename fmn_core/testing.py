"""What tests of plugins build on: factories, a backend that remembers, and checks of whole contracts. Floor F4.

Checks raise ``AssertionError`` with a sentence that says what is wrong with which rule, summary or backend.
"""

from __future__ import annotations

import dataclasses
import shutil
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .backends import Backend
from .codec import message_from
from .errors import DropDelivery, FmnError, RetryDelivery
from .lookups import LookupData, Lookups
from .model import Digest, Facts, Message, Notification, Role, notification_id, of_topic, topic_words
from .rules import Rule
from .samples import Sample
from .snapshot import Snapshot
from .summaries import Summary, SummaryBook, freeze

PREFIX = "org.fedoraproject.prod."
#: when the messages and notifications of the factories were sent
LONG_AGO = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def message(
    topic: str,
    body: Mapping[str, Any] | None = None,
    *,
    summaries: Iterable[Summary] = (),
    facts: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Message:
    """Make a described message.

    :param topic: whole, or without prefix and environment: ``buildsys.tag``
    :param summaries: describe it, where they serve its application
    :param facts: fixed facts by name (``packages=["kernel"]``), instead of described ones
    :param fields: other fields of :class:`fmn_core.Message`
    """
    whole = topic if topic.startswith(("org.", "io.")) else PREFIX + topic
    made = message_from({"topic": whole, "body": dict(body or {}), "headers": {}})
    made = dataclasses.replace(made, **{"sent_at": LONG_AGO, **fields})
    if facts is None:
        return SummaryBook(summaries).describe(made)
    return dataclasses.replace(made, facts=fixed_facts(whole, facts))


def fixed_facts(topic: str, facts: Mapping[str, Any]) -> Facts:
    """Make facts of which only some matter; names may be any collection."""
    app, title = topic_words(topic)
    names = {key: frozenset(facts.get(key, ())) for key in ("usernames", "packages")}
    return Facts(**{"title": title, "summary": title, "app": app, "thread": topic, **facts, **names})


def lookups(
    maintainers: Mapping[str, Mapping[str, str] | Iterable[str]] | None = None,
    groups: Mapping[str, Iterable[str]] | None = None,
) -> Snapshot:
    """Make lookups that know just this.

    :param maintainers: package -> name -> role, or package -> names, who are then its owners
    :param groups: group -> accounts
    """
    data = LookupData(
        maintainers={package: _roles(names) for package, names in (maintainers or {}).items()},
        groups={group: tuple(accounts) for group, accounts in (groups or {}).items()},
    )
    return Snapshot([data])


def _roles(names: Mapping[str, str] | Iterable[str]) -> dict[str, Role]:
    if isinstance(names, Mapping):
        return {name: Role(role) for name, role in names.items()}
    return dict.fromkeys(names, Role.OWNER)


def notification(facts: Mapping[str, Any] | None = None, **fields: Any) -> Notification:
    """Make a notification, as a backend gets it.

    :param facts: facts by name that matter
    :param fields: fields of :class:`fmn_core.Notification` that matter; the id follows from them
    """
    made = {
        "message_id": "2026-1f1b5b0c-6bd6-4a0e-8f3a-0d3f9d7c8a11",
        "topic": PREFIX + "buildsys.build.state.change",
        "sent_at": LONG_AGO,
        "user": "marta",
        "backend": "recording",
        "destination": "somewhere",
        "preference": "1",
        "filter_id": "1",
        "filter_name": "things I follow",
        **fields,
    }
    made.setdefault("facts", fixed_facts(made["topic"], {"summary": "a thing happened", **(facts or {})}))
    made.setdefault("id", notification_id(*(made[key] for key in ("message_id", "user", "backend", "destination"))))
    return Notification(**made)


#: what no backend may be led astray by, whichever field of a notification it stands in
ODD_TEXTS = (
    "a\r\nBcc: b@example.org\r\n\r\nc",
    "=?utf-8?q?a=0d=0aBcc:_b@example.org?=",
    "a\x00\x01\x03\x1b\x7f\x85\u2028\u202eb",
    "half a character: \ud800",
    "žluťoučký kůň 🐎",
    '<script>alert("&amp;")</script>',
    "long " * 20_000,
    "long" * 20_000,
    " ",
)


def odd_notifications(backend: str, destination: str) -> list[Notification]:
    """Make notifications that a backend has to live with: a plain one, and one for each of :data:`ODD_TEXTS`."""
    odd = [
        notification(
            {
                "summary": text,
                "details": text,
                "url": text,
                "agent": text,
                "packages": frozenset({text}),
                "thread": text,
            },
            backend=backend,
            destination=destination,
            message_id=f"odd-{number}",
            filter_name=text,
        )
        for number, text in enumerate(ODD_TEXTS)
    ]
    return [notification(backend=backend, destination=destination), *odd]


class RecordingBackend(Backend):
    """A backend that remembers what it was to send, and fails when told to.

    :param name: under which preferences know it
    :param failures: raised one after the other by the first deliveries
    """

    title = "a list in memory"

    def __init__(self, name: str = "recording", failures: Iterable[Exception] = ()) -> None:
        self.name = name
        self.failures = list(failures)
        self.sent: list[Notification] = []
        self.digests: list[Digest] = []
        self.closed = False

    def deliver(self, notification: Notification) -> None:
        """Remember a notification, or raise the next failure."""
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(notification)

    def deliver_digest(self, digest: Digest) -> None:
        """Remember a digest, or raise the next failure."""
        if self.failures:
            raise self.failures.pop(0)
        self.digests.append(digest)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


def install(distribution: Path, site: Path) -> None:
    """Make a plugin discoverable without pip: copy its packages to a folder, beside the metadata of ``pyproject.toml``.

    :param distribution: folder with ``pyproject.toml`` and the packages
    :param site: folder that is, or will be, on the import path
    """
    project = tomllib.loads((distribution / "pyproject.toml").read_text("utf-8"))["project"]
    for initial in distribution.glob("*/__init__.py"):
        shutil.copytree(initial.parent, site / initial.parent.name, ignore=shutil.ignore_patterns("__pycache__"))
    metadata = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", "utf-8"
    )
    lines: list[str] = []
    for group, entries in project.get("entry-points", {}).items():
        lines += [f"[{group}]", *(f"{name} = {target}" for name, target in entries.items())]
    (metadata / "entry_points.txt").write_text("\n".join(lines), "utf-8")


def check_rule(
    rule: Rule, samples: Sequence[Sample] | None = None, summaries: Iterable[Summary] | SummaryBook = ()
) -> None:
    """Hold a rule to its contract.

    It has words for people, at least one sample that it matches and one that it does not, decides each of them as
    stated, and never matches what its hint leaves out.

    :param samples: the samples to hold it to; None for its own
    :param summaries: describe the samples' messages
    """
    name, book = rule.identifier, _book(summaries)
    samples = rule.samples if samples is None else [s for s in samples if s.speaks_of(rule.identifier)]
    _expect(bool(rule.title and rule.description), f"rule {name!r} has no title or no description")
    for side in ("matches", "misses"):
        _expect(any(getattr(s, side).get(name) for s in samples), f"rule {name!r} has no sample that it {side}")
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
    _expect(decision is expected, f"{what}: {decision}, expected {expected}")
    admitted = rule.hint_for(arguments).admits(about, known)
    _expect(admitted or not decision, f"{what}: matches a message that its hint leaves out")
    if rule.topic_decides and admitted:
        alike = rule.matches(of_topic(about.topic), arguments, Snapshot())
        _expect(alike is decision, f"{what}: reads more than the topic, which it says decides alone")


def check_summary(summary: Summary, samples: Iterable[Sample]) -> None:
    """Hold a summary to its contract: on samples of its applications it never raises and derives the facts stated."""
    _expect(bool(summary.apps), f"{type(summary).__name__} serves no application")
    for sample in samples:
        about = message_from(sample.message)
        if about.app in summary.apps:
            for fact in ("summary", "details", "url", "agent", "usernames", "packages", "thread", "event"):
                getattr(summary, fact)(about)
            check_facts(sample, [summary])


def check_facts(sample: Sample, summaries: Iterable[Summary] | SummaryBook) -> None:
    """Hold the facts that summaries derive of a sample to those that it states."""
    facts = dataclasses.asdict(freeze(_book(summaries).describe(message_from(sample.message)).facts))
    for fact, expected in sample.facts.items():
        derived = facts[fact]
        equal = sorted(derived) == sorted(expected) if isinstance(derived, frozenset) else derived == expected
        _expect(equal, f"{fact} of sample {sample.title!r}: {derived!r}, expected {expected!r}")


def _book(summaries: Iterable[Summary] | SummaryBook) -> SummaryBook:
    return summaries if isinstance(summaries, SummaryBook) else SummaryBook(summaries)


def check_backend(backend: Backend, address: str, notifications: Sequence[Notification] | None = None) -> None:
    """Hold a backend to its contract, delivering to whatever the test has put at its far end.

    :param address: one that it takes
    :param notifications: what to deliver, one by one and then as many at once as the backend allows; None for
        :func:`odd_notifications`
    """
    what = f"backend {backend.name!r}"
    _expect(backend.name.isidentifier() and backend.name == backend.name.lower(), f"{what}: the name is no plain word")
    _expect(bool(backend.title and backend.address_label), f"{what} has no words for people")
    _expect(backend.concurrency >= 1, f"{what} delivers never: concurrency is {backend.concurrency}")
    canonical = backend.check_address(address)
    _expect(backend.check_address(canonical) == canonical, f"{what} changes the canonical address {canonical!r}")
    _expect(len(backend.check().splitlines()) == 1, f"{what}: check() says {backend.check()!r}, expected one line")
    if notifications is None:
        notifications = odd_notifications(backend.name, canonical)
    for one in notifications:
        _check_delivery(backend, one)
    with ThreadPoolExecutor(backend.concurrency) as threads:
        list(threads.map(lambda one: _check_delivery(backend, one), notifications))
    backend.close()
    backend.close()


def _check_delivery(backend: Backend, one: Notification) -> None:
    try:
        backend.deliver(one)
    except (RetryDelivery, DropDelivery):
        return
    except FmnError as error:
        raise AssertionError(f"backend {backend.name!r} raised {error!r}, expected retry or drop") from error


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise AssertionError(otherwise)
