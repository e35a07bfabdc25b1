"""How commands read messages: broken lines are told on stderr and in the exit code, the rest runs. Floor F4."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import click

from fmn_core.errors import EXIT_FOUND_WANTING, DecodeError
from fmn_core.messages import read_messages
from fmn_core.model import Message

#: argument of every command that reads messages
file_argument = click.argument("path", metavar="FILE", type=click.Path(allow_dash=True))


@contextlib.contextmanager
def messages_of(path: str) -> Iterator[Iterator[Message]]:
    """Give the messages of a file; on leaving, end the command with 1 if any line was broken.

    :param path: a file, or ``-`` for standard input
    """
    broken: list[str] = []
    yield _sound(path, broken)
    if broken:
        raise click.exceptions.Exit(EXIT_FOUND_WANTING)


def _sound(path: str, broken: list[str]) -> Iterator[Message]:
    for place, found in read_messages(path):
        if isinstance(found, DecodeError):
            broken.append(place)
            click.echo(f"fmn: {path} {place}: {found}", err=True)
        else:
            yield found
