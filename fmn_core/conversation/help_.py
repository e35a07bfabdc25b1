"""``help``, and what is said to somebody who asks for what there is not."""

from __future__ import annotations

from collections.abc import Iterable

from .request import Command, Request, Who

_COMMANDS = (
    "start - send me notifications here",
    "stop - send me nothing here any more",
    "why [ID] - say why the last notification came to me, or the one of this message",
    "mute [THREAD] [for 2h] - nothing more about what the last notification was about, or about this, for a while",
    "unmute THREAD, mutes - let it come again; say what is muted",
    "digest on [30m] [10] [08:00], digest off - collect notifications, or send them one by one",
    "list filters [NAME] - say what I get, or what one filter asks for",
    "list categories, list rules CATEGORY - say what one can ask for",
)


def _help(asked: Request) -> Iterable[str]:
    settings = asked.settings.conversation
    if settings.help:
        yield from settings.help.splitlines()
        return
    yield "I tell you of what happens, as soon as it does. You say what you want to hear of."
    if settings.operator:
        yield f"I am run by {settings.operator}."
    yield "You can say to me:"
    yield from (f"  {command}" for command in _COMMANDS)
    yield f"Your settings: {asked.settings.base_url}"
    if settings.support:
        yield f"If something is wrong: {settings.support}"


def not_understood(asked: Request) -> Iterable[str]:
    """Say so to somebody who asks for what there is not."""
    yield "I do not understand that. Say help for what I do, or stop if I shall send you nothing more here."


HELP = Command(_help, audience=lambda rest: Who.ANYBODY)
UNKNOWN = Command(not_understood, audience=lambda rest: Who.IDENTIFIED)
