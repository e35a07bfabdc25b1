"""``fmn dead``: what was given up, and what to do with it. Floor F4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from fmn_core.codec import loads
from fmn_core.errors import DecodeError, UsageError

from .context import Context, echo_json, echo_row, json_option, pass_context

if TYPE_CHECKING:
    from fmn_core.transport.base import DeadLetter, Transport

EPILOG = """\b
Examples:
  fmn dead list                     what was given up, and why
  fmn dead show 12                  one of them whole
  fmn dead replay --queue deliveries.email    once the mail server is back
  fmn dead drop 12 13
"""

#: dead letters looked at, at most
MOST = 100_000

ids_argument = click.argument("ids", metavar="[ID]...", nargs=-1)
all_option = click.option("--all", "everything", is_flag=True, help="All dead letters.")
queue_option = click.option("--queue", help="Those that came from this queue.")


@click.group("dead", epilog=EPILOG)
def command() -> None:
    """List, show, replay and drop dead letters: messages and notifications that were given up."""


@contextmanager
def _opened(context: Context) -> Iterator[Transport]:
    with closing(context.app.transport()) as transport:
        yield transport


@command.command("list")
@queue_option
@json_option
@pass_context
def list_(context: Context, queue: str | None, as_json: bool) -> None:
    """List dead letters, oldest first."""
    with _opened(context) as transport:
        for letter in transport.dead_letters(MOST):
            if queue in (None, letter.queue):
                echo_row(as_json, _row(letter), _line)


@command.command("show")
@click.argument("letter_id", metavar="ID")
@json_option
@pass_context
def show(context: Context, letter_id: str, as_json: bool) -> None:
    """Show one dead letter with its payload."""
    with _opened(context) as transport:
        letter = next((one for one in transport.dead_letters(MOST) if one.id == letter_id), None)
    if letter is None:
        raise UsageError(f"there is no dead letter {letter_id!r}; look for it with 'fmn dead list'")
    if as_json:
        echo_json({**_row(letter), "payload": _readable(letter.payload)})
    else:
        click.echo(_line(_row(letter)))
        click.echo(letter.payload.decode("utf-8", "replace"))


@command.command("replay")
@ids_argument
@all_option
@queue_option
@json_option
@pass_context
def replay(context: Context, ids: tuple[str, ...], everything: bool, queue: str | None, as_json: bool) -> None:
    """Put dead letters back on the queues they came from."""
    with _opened(context) as transport:
        count = transport.replay(_chosen(transport, ids, everything, queue))
    echo_row(as_json, {"replayed": count}, lambda row: f"{row['replayed']} replayed")


@command.command("drop")
@ids_argument
@all_option
@queue_option
@json_option
@pass_context
def drop(context: Context, ids: tuple[str, ...], everything: bool, queue: str | None, as_json: bool) -> None:
    """Forget dead letters."""
    with _opened(context) as transport:
        count = transport.drop(_chosen(transport, ids, everything, queue))
    echo_row(as_json, {"dropped": count}, lambda row: f"{row['dropped']} dropped")


def _chosen(transport: Transport, ids: tuple[str, ...], everything: bool, queue: str | None) -> list[str]:
    """Return the ids that were asked for.

    :raises UsageError: if nothing was asked for, or something that is not there
    """
    if not (ids or everything or queue):
        raise UsageError("name dead letters by their ids or their --queue, or take --all of them")
    if bool(ids) + everything + bool(queue) > 1:
        raise UsageError("ids, --queue and --all exclude each other")
    letters = {letter.id: letter for letter in transport.dead_letters(MOST)}
    if unknown := [repr(one) for one in ids if one not in letters]:
        raise UsageError(f"there is no dead letter {', '.join(unknown)}; look for it with 'fmn dead list'")
    return list(ids) or [one.id for one in letters.values() if queue in (None, one.queue)]


def _row(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "queue": letter.queue,
        "died_at": datetime.fromtimestamp(letter.died_at, UTC).isoformat(timespec="seconds"),
        "attempts": letter.attempts,
        "reason": letter.reason,
        "bytes": len(letter.payload),
    }


def _line(row: Mapping[str, Any]) -> str:
    tries = "1 attempt" if row["attempts"] == 1 else f"{row['attempts']} attempts"
    return f"{row['id']}  {row['died_at']}  {row['queue']}  after {tries}: {row['reason']}"


def _readable(payload: bytes) -> Any:
    """Return a payload as data, or as text where it is none."""
    try:
        return loads(payload)
    except DecodeError:
        return payload.decode("utf-8", "replace")
