"""The far end of a demo: a mailbox folder, read as a mail program reads it. No mail leaves the machine."""

from __future__ import annotations

import mailbox
from collections.abc import Sequence
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from fmn_core import Arrival, Rehearsal


class MailboxRehearsal(Rehearsal):
    """Everybody's mail in one folder.

    :param folder: of the mailbox
    """

    def __init__(self, folder: Path) -> None:
        self._box = mailbox.Maildir(folder)
        self._read: dict[str, Arrival] = {}
        self.title = f"mailbox folder {folder}"
        self.settings = {"email": {"sender": "FMN demo <fmn@demo.example.org>"}}

    def addresses(self, user: str) -> Sequence[str]:
        """See :meth:`fmn_core.Rehearsal.addresses`."""
        return [f"{user}@example.org"]

    def arrived(self) -> Sequence[Arrival]:
        """See :meth:`fmn_core.Rehearsal.arrived`."""
        for key in self._box.keys():  # noqa: SIM118 - iterating over a mailbox reads its mails
            if key not in self._read:
                self._read[key] = _arrival(self._box.get_bytes(key))
        return list(self._read.values())


def _arrival(raw: bytes) -> Arrival:
    mail = message_from_bytes(raw, policy=default)
    body = mail.get_body(("plain",))
    text = body.get_content() if body else ""
    return Arrival(str(mail["To"]), "\n".join([*(f"{name}: {value}" for name, value in mail.items()), "", text]))
