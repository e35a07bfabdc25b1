"""Every expected failure, named for what its catcher should do. Floor F0.

A failure that derives from :class:`FmnError` is one lower-case sentence for people; anything else is a bug.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

EXIT_FOUND_WANTING = 1
EXIT_USAGE = 2

#: mistakes that one sentence lists at most
_MOST_TOLD = 20


class FmnError(Exception):
    """An expected failure: printed as one line, never with a traceback unless ``--debug`` asks for it."""

    exit_code = EXIT_FOUND_WANTING


class UsageError(FmnError):
    """The caller asked for something that cannot be: mend the call and try again."""

    exit_code = EXIT_USAGE


class UnknownNameError(UsageError):
    """A rule, argument, user, backend or plugin that does not exist; the text names what comes near."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name = kind, name
        near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.6)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        super().__init__(f"no {kind} is named {name!r}{hint}")


class ConfigError(UsageError):
    """A configuration or a user's document is wrong: the text lists its mistakes at once.

    :ivar problems: all of them, also those that are too many for the text
    """

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        count = f"{len(problems)} mistakes" if len(problems) > 1 else "a mistake"
        more = [f"and {len(problems) - _MOST_TOLD} more"] if len(problems) > _MOST_TOLD else []
        super().__init__(f"{source} has {count}: " + "; ".join([*problems[:_MOST_TOLD], *more]))


class ArgumentsError(UsageError):
    """The arguments of a rule do not fit what the rule declares."""

    def __init__(self, rule: str, problems: Sequence[str]) -> None:
        self.rule, self.problems = rule, tuple(problems)
        super().__init__(f"rule {rule!r} cannot take these arguments: " + "; ".join(problems))


class DecodeError(FmnError):
    """Bytes that are no message or no envelope: set them aside with this reason and go on."""


class PluginError(FmnError):
    """A plugin that cannot be used: report it as broken and go on with the others."""


class StoreError(FmnError):
    """The database cannot do what was asked, or is of another version."""


class TransportError(FmnError):
    """The queue cannot be reached or refuses: wait, then try again."""


class LookupUnavailableError(FmnError):
    """A source of ownership or groups gives no answer now: keep the old one."""


class ShelfError(FmnError):
    """The shelf with the last answers of all sources cannot be reached: go on with what is held."""


class RetryDelivery(FmnError):  # noqa: N818 - named for what the catcher does, like Nack and Drop of the bus
    """Raised by a backend: not delivered, try again.

    :param reason: one sentence for the ledger
    :param after: seconds to wait at least; None leaves it to the retry schedule
    """

    def __init__(self, reason: str, after: float | None = None) -> None:
        self.reason, self.after = reason, after
        super().__init__(reason)


class BackendAway(RetryDelivery):
    """Raised by a backend: nothing at all can be delivered now, whoever it is for; the whole queue waits, in order.

    :param told: the backend has warned of it itself, and nobody else needs to
    """

    def __init__(self, reason: str, after: float | None = None, told: bool = False) -> None:
        self.told = told
        super().__init__(reason, after)


class DropDelivery(FmnError):  # noqa: N818 - as above
    """Raised by a backend: cannot be delivered, and another try would not help.

    :param reason: one sentence for the ledger and the dead letters
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class AddressRefused(DropDelivery):
    """Raised by a backend: there is nobody at this address, or they will have nothing from us: it is suspended."""
