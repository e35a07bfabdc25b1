"""Where mails go; and the mailbox folder that serves while there is no mail server."""

from __future__ import annotations

import mailbox
import threading
from pathlib import Path
from typing import Protocol

from fmn_core import BackendAway

from .compose import Mail


class Post(Protocol):
    """Takes mails."""

    def send(self, mail: Mail) -> None:
        """Return when the mail is in other hands; raises as :meth:`fmn_core.Backend.deliver` does."""

    def check(self) -> str:
        """Say in one line where mails go; raises FmnError if they cannot."""

    def close(self) -> None:
        """Let go of everything."""


class MaildirPost:
    """A mailbox folder that any mail program opens. A mail appears in it as a whole or not at all.

    :param folder: made when the first mail comes
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()  # mailbox.Maildir counts its files without one
        self._box: mailbox.Maildir | None = None

    def send(self, mail: Mail) -> None:
        """See :class:`Post`."""
        try:
            with self._lock:
                if self._box is None:
                    self._folder.parent.mkdir(parents=True, exist_ok=True)
                    self._box = mailbox.Maildir(self._folder)
                self._box.add(mail.content.replace(b"\r\n", b"\n"))
        except OSError as error:
            raise BackendAway(f"mailbox folder {str(self._folder)!r} cannot be written: {error}") from error

    def check(self) -> str:
        """See :class:`Post`."""
        return f"mailbox folder {self._folder}"

    def close(self) -> None:
        """See :class:`Post`."""
        with self._lock:
            self._box = None
