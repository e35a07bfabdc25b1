"""A demo in numbers, and by name what went wrong. Floor F4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fmn_core.model import Notification

from .verdict import Verdict


@dataclass(frozen=True)
class Totals:
    """What a demo comes to.

    :param messages: how many were played
    :param matched: how many of them somebody should hear of
    :param notifications: how many should have arrived
    :param arrived: how many did, by backend
    :param missing: user, backend, destination and summary of each that did not
    :param surplus: backend, destination and text of each that should not have
    :param absent: sentences on what took no part
    :param seconds: from the first message to the last arrival
    """

    messages: int
    matched: int
    notifications: int
    arrived: dict[str, int]
    missing: list[dict[str, str]]
    surplus: list[dict[str, str]]
    absent: list[str]
    seconds: float

    @property
    def right(self) -> bool:
        """Whether everything arrived, once, and nothing else."""
        return not self.missing and not self.surplus


def sum_up(
    messages: int, wanted: Sequence[Notification], verdict: Verdict, absent: Sequence[str], seconds: float
) -> Totals:
    """Sum up.

    :param messages: how many were played
    :param wanted: what should have arrived
    """
    return Totals(
        messages=messages,
        matched=len({one.message_id for one in wanted}),
        notifications=len(wanted),
        arrived=dict(sorted(verdict.arrived.items())),
        missing=[
            {"user": one.user, "backend": one.backend, "destination": one.destination, "summary": one.facts.summary}
            for one in verdict.missing
        ],
        surplus=[
            {"backend": backend, "destination": arrival.destination, "text": arrival.text}
            for backend, arrival in verdict.surplus
        ],
        absent=list(absent),
        seconds=round(seconds, 2),
    )
