"""Occasions: all that a backend may be handed, hostile texts, digests, notices and confirmations included. Floor F4."""

from __future__ import annotations

from dataclasses import replace

from fmn_core.model import Digest, Facts, Links, Notification, Purpose

from .factories import notification

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
#: notifications in a large digest
MANY = 50
#: the pages that a request for confirmation leads to, and no line may break
ACCEPT, REJECT = (f"https://fmn.example.org/confirm/{verb}/{'s3cret' * 7}" for verb in ("accept", "reject"))


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
                "event": text,
            },
            backend=backend,
            destination=destination,
            message_id=f"odd-{number}",
            filter_name=text,
            filter_rules=(text,),
        )
        for number, text in enumerate(ODD_TEXTS)
    ]
    return [notification(backend=backend, destination=destination), *odd]


def notices(backend: str, destination: str) -> list[Notification]:
    """Make what FMN itself has to say: a notice, and a request for confirmation with links that have to survive."""
    notice = Facts(
        "fmn.notice", "Nothing is sent to elsewhere any more", "It was refused:\n\n    no such user", app="fmn"
    )
    text = f"Is that right?\n\nYes: {ACCEPT}\n\nNo: {REJECT}\n"
    question = Facts("confirmation", "Confirm that notifications may be sent here", text, app="fmn")
    return [
        _said(Purpose.NOTICE, notice, backend, destination),
        _said(Purpose.CONFIRMATION, question, backend, destination),
    ]


def _said(purpose: Purpose, facts: Facts, backend: str, destination: str) -> Notification:
    made = notification(backend=backend, destination=destination, message_id=str(purpose), purpose=purpose)
    return replace(made, facts=facts, filter_id="", filter_name="")


def digests(backend: str, destination: str) -> list[Digest]:
    """Make digests that a backend has to live with: of two, of many, and of every odd text; each with details too."""
    two = tuple(_plain(backend, destination, number) for number in range(2))
    many = tuple(_plain(backend, destination, number) for number in range(MANY))
    odd = tuple(odd_notifications(backend, destination))
    made = []
    for number, some in enumerate((two, many, odd)):
        for verbose in (False, True):
            made.append(_digest(f"{number}{verbose:d}".rjust(32, "d"), some, {"verbose": verbose}))
    return [*made, *(replace(made[0], id=f"{n}e".rjust(32, "d"), reason=text) for n, text in enumerate(ODD_TEXTS))]


def _plain(backend: str, destination: str, number: int) -> Notification:
    facts = {"summary": f"thing {number} happened", "packages": {f"p{number % 7}"}, "event": "thing happened"}
    return notification(facts, backend=backend, destination=destination, message_id=f"digest-{number}")


def _digest(identifier: str, some: tuple[Notification, ...], presentation: dict[str, bool]) -> Digest:
    first = some[0]
    links = Links(unsubscribe="https://fmn.example.org/unsubscribe/s3cret")
    return Digest(identifier, first.user, first.backend, first.destination, some, "every hour", presentation, links)
