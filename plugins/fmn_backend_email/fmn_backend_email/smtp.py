"""Mails go to an SMTP server, over sessions that are kept."""

from __future__ import annotations

import threading
import time

from fmn_core import DropDelivery, RetryDelivery

from .compose import Mail
from .session import Server, Session
from .verdicts import Refusal, verdict

#: seconds of rest after which a session is asked whether it is still there
TRUSTED = 10.0


class SmtpPost:
    """An SMTP server, and no other. As many sessions as threads send at once; an idle one serves the next mail."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._idle: list[tuple[float, Session]] = []

    def send(self, mail: Mail) -> None:
        """See :class:`fmn_backend_email.post.Post`."""
        try:
            kept = self._kept()
            if kept is None or not self._taken(kept, mail):
                self._hand_over(Session(self._server), mail)
        except Refusal as refusal:
            raise self._verdict(refusal, mail.recipient) from refusal

    def _taken(self, kept: Session, mail: Mail) -> bool:
        """Send over a session that was kept.

        :returns: False if the server had ended it, or does now, as some do after so many mails
        """
        try:
            self._hand_over(kept, mail)
        except Refusal as refusal:
            if refusal.over and refusal.harmless:
                return False
            raise
        return True

    def _hand_over(self, session: Session, mail: Mail) -> None:
        try:
            session.send(mail)
        finally:
            self._keep(session)

    def _verdict(self, refusal: Refusal, recipient: str) -> RetryDelivery | DropDelivery:
        """Judge a refusal. Where the connection broke on the way, the server is asked whether it takes a new one.

        If it does, it is this mail that it cannot stand, and the others need not wait.
        """
        if not refusal.harmless:
            try:
                self._keep(Session(self._server))
            except Refusal as another:
                refusal = another
            else:
                return RetryDelivery(f"{self._server} broke off within the mail: {refusal.words}")
        return verdict(str(self._server), refusal, recipient)

    def check(self) -> str:
        """See :class:`fmn_backend_email.post.Post`."""
        server = self._server
        try:
            self._keep(Session(server))
        except Refusal as refusal:
            raise self._verdict(refusal, "") from refusal
        return f"SMTP to {server.host}:{server.port}, encryption {server.encryption}"

    def close(self) -> None:
        """See :class:`fmn_backend_email.post.Post`."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, session in idle:
            session.quit()

    def _kept(self) -> Session | None:
        """Take an idle session; one that rested is asked first, for servers hang up on those who are silent."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                since, session = self._idle.pop()
            if time.monotonic() - since < TRUSTED or session.alive():
                return session

    def _keep(self, session: Session) -> None:
        if not session.closed:
            with self._lock:
                self._idle.append((time.monotonic(), session))
