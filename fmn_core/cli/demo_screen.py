"""What the terminal shows of a demo: a line for each notification, and how far it went. Floor F4."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from fmn_core.model import Outcome

if TYPE_CHECKING:
    from fmn_core.demo.instance import Instance
    from fmn_core.demo.messages import Act
    from fmn_core.demo.play import Progress
    from fmn_core.demo.totals import Totals
    from fmn_core.store import LedgerEntry

#: moves to the begin of the line and empties it
_CLEAR = "\r\x1b[K"
#: columns for names
_NARROW, _WIDE = 6, 17
#: what is said of a failure at most
_MOST_FAILURES = 20


class Screen:
    """Prints to people, in colour and with a line that keeps changing only where that is a terminal.

    :param quiet: say nothing: the output is data
    """

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._live = not quiet and sys.stdout.isatty()
        self._width = shutil.get_terminal_size().columns if self._live else 200
        self._progress: Progress | None = None
        self._covered = True

    def say(self, text: str = "") -> None:
        """Print a line."""
        if not self._quiet:
            click.echo((_CLEAR if self._live else "") + text)
            self._covered = True

    def opening(self, instance: Instance, pages: str, kept: bool) -> None:
        """Tell what there is to see, and where.

        :param pages: the URL of the web pages, or why there are none
        :param kept: the folder stays
        """
        for person in instance.cast.people:
            how = ", ".join(name for name in person.backends if name in instance.rehearsals)
            self.say(f"  {_name(person.name)} {how:<{_WIDE}} {person.wish}")
        for name, rehearsal in instance.rehearsals.items():
            self.say(f"  {name:<{_NARROW}} {rehearsal.title}")
        self.say(f"  pages  {pages}")
        self.say(f"  folder {instance.folder}{'' if kept else ', gone in the end; --dir keeps one'}")
        for absence in instance.cast.absences:
            self.say(click.style(f"  {absence}", fg="yellow"))

    def act(self, act: Act) -> None:
        """See :class:`fmn_core.demo.play.Audience`."""
        self.say(click.style(f"\n{act.title}: {len(act.messages)} messages", bold=True))

    def delivered(self, entry: LedgerEntry, summary: str) -> None:
        """See :class:`fmn_core.demo.play.Audience`."""
        way = f"{entry.backend:<5} {entry.destination:<{_WIDE}}"
        if entry.outcome is not Outcome.SENT:
            what, why, colour = summary, f"{entry.outcome}: {entry.reason}", "red"
        else:
            what, why, colour = summary, entry.filter_name, None
        room = self._width - _NARROW - len(way) - len(why) - 6
        self.say(f"{_name(entry.user)} {way} {_cut(what, room)} {click.style(f'· {why}', fg=colour, dim=not colour)}")

    def progress(self, progress: Progress) -> None:
        """See :class:`fmn_core.demo.play.Audience`."""
        if self._live and (progress != self._progress or self._covered):
            click.echo(_CLEAR + click.style(_words(progress), fg="cyan"), nl=False)
        self._progress, self._covered = progress, False

    def closing(self, totals: Totals) -> None:
        """Tell what came of it all."""
        if self._progress:
            self.say(click.style(f"\n{_words(self._progress)} in {totals.seconds:.1f} s", bold=True))
        self.say(f"arrived {_counts(totals.arrived)}, of {totals.notifications} that should have")
        for word, rows in (("missing", totals.missing), ("surplus", totals.surplus)):
            for row in rows[:_MOST_FAILURES]:
                self.say(click.style(f"{word}: {' '.join(row.values())}", fg="red"))
            if len(rows) > _MOST_FAILURES:
                self.say(click.style(f"{word}: {len(rows) - _MOST_FAILURES} more", fg="red"))


def _name(user: str) -> str:
    return click.style(f"{user:<{_NARROW}}", fg="green")


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room - 1, 0)] + "…"


def _words(progress: Progress) -> str:
    return f"{progress.read} messages read, {progress.matched} matched, {progress.delivered} notifications delivered"


def _counts(arrived: Mapping[str, int]) -> str:
    return ", ".join(f"{count} by {backend}" for backend, count in sorted(arrived.items())) or "nothing"
