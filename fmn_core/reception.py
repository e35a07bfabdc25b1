"""Reception: what answers people who write to us through a backend. Floor F1.

A backend that hears people hands over what they write, and says what it gets back; it knows none of the commands.
"""

from __future__ import annotations

from typing import Protocol


class Reception(Protocol):
    """Answers people. Safe for threads."""

    def answer(self, address: str | None, text: str) -> list[str]:
        """Do what somebody asks for, and return what to say to them, line by line.

        :param address: where the backend reaches them, once it knows for certain that they are who they say: an address
            in canonical form, whether it is known here or not. None for somebody who may be anybody: they are told the
            public things, and how to become known
        :param text: as they wrote it; the first word is the command
        :returns: lines without markup, none of them empty; no line at all for what must not be answered
        """
