"""The far end of a demo: a mailbox folder, read as a mail program reads it. No mail leaves the machine."""

from __future__ import annotations

import mailbox
from collections.abc import Sequence
from pathlib import Path

from fmn_core import Arrival, Rehearsal


class MailboxRehearsal(Rehearsal):
    """Everybody's mail in one folder.

    :param folder: of the mailbox
    """

    def __init__(self, folder: Path) -> None:
        self._box = mailbox.Maildir(folder)
        self.title = f"mailbox folder {folder}"
        self.settings = {"email": {"sender": "FMN demo <fmn@demo.example.org>"}}

    def addresses(self, user: str) -> Sequence[str]:
        """See :meth:`fmn_core.Rehearsal.addresses`."""
        return [f"{user}@example.org"]

    def arrived(self) -> Sequence[Arrival]:
        """See :meth:`fmn_core.Rehearsal.arrived`."""
        return [Arrival(mail["To"], mail.as_string()) for mail in self._box]
