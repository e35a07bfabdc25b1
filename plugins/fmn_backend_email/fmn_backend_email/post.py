"""Where mails go: to an SMTP server over connections that are kept, or into a mailbox folder."""

from __future__ import annotations

import mailbox
import smtplib
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Protocol

from fmn_core import DropDelivery, RetryDelivery

#: SMTP replies that complain of us or of the session, though they sound final: bad sequence, login or encryption wanted
_ABOUT_US = frozenset({503, 530, 534, 535, 538})
#: seconds of rest after which a connection is asked whether it is still there
TRUSTED = 10.0


class Post(Protocol):
    """Takes mails."""

    def send(self, mail: EmailMessage) -> None:
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

    def send(self, mail: EmailMessage) -> None:
        """See :class:`Post`."""
        try:
            with self._lock:
                if self._box is None:
                    self._folder.parent.mkdir(parents=True, exist_ok=True)
                    self._box = mailbox.Maildir(self._folder)
                self._box.add(mail.as_bytes(policy=default))
        except OSError as error:
            raise RetryDelivery(f"mailbox folder {str(self._folder)!r} cannot be written: {error}") from error

    def check(self) -> str:
        """See :class:`Post`."""
        return f"mailbox folder {self._folder}"

    def close(self) -> None:
        """See :class:`Post`."""
        with self._lock:
            self._box = None


class SmtpPost:
    """An SMTP server, and no other. As many connections as threads send at once; an idle one serves the next mail.

    :param encryption: ``none``, ``starttls`` or ``tls``
    :param login: name and password; an empty name for none
    :param timeout: seconds for each step
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        encryption: str = "none",
        login: tuple[str, str] = ("", ""),
        timeout: float = 30.0,
    ) -> None:
        self._host, self._port, self._encryption = host, port, encryption
        self._login, self._timeout = login, timeout
        self._lock = threading.Lock()
        self._idle: list[tuple[float, smtplib.SMTP]] = []

    def send(self, mail: EmailMessage) -> None:
        """See :class:`Post`."""
        with self._trouble(), self._connection() as connection:
            connection.send_message(mail)

    def check(self) -> str:
        """See :class:`Post`."""
        with self._trouble(), self._connection():
            return f"SMTP to {self._host}:{self._port}, encryption {self._encryption}"

    def close(self) -> None:
        """See :class:`Post`."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        connection = self._idle_one() or self._open()
        try:
            yield connection
        except (smtplib.SMTPSenderRefused, smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError):
            self._keep(connection)  # a refusal of one mail, not the end of the session
            raise
        except BaseException:
            connection.close()
            raise
        self._keep(connection)

    def _idle_one(self) -> smtplib.SMTP | None:
        """Take an idle connection; one that rested is asked first, for servers hang up on those who are silent."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                since, connection = self._idle.pop()
            if time.monotonic() - since < TRUSTED:
                return connection
            with suppress(smtplib.SMTPException, OSError):
                if connection.noop()[0] == 250:
                    return connection
            connection.close()

    def _keep(self, connection: smtplib.SMTP) -> None:
        if connection.sock is None:  # smtplib hung up itself after "421 closing"
            return
        with self._lock:
            self._idle.append((time.monotonic(), connection))

    def _open(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._encryption == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
        else:
            connection = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            if self._encryption == "starttls":
                connection.starttls(context=context)
            if self._login[0]:
                connection.login(*self._login)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        """Turn what smtplib raises into what delivery understands."""
        server = f"mail server {self._host}:{self._port}"
        try:
            yield
        except smtplib.SMTPRecipientsRefused as error:
            address, (code, text) = next(iter(error.recipients.items()))
            _refused(f"{server} refuses {address!r}", code, text)
        except smtplib.SMTPDataError as error:
            _refused(f"{server} refuses the mail", error.smtp_code, error.smtp_error)
        except smtplib.SMTPResponseException as error:
            raise RetryDelivery(f"{server} refuses us: {error.smtp_code} {_words(error.smtp_error)}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise RetryDelivery(f"{server} cannot be reached: {error}") from error


def _refused(what: str, code: int, text: bytes | str) -> None:
    reason = f"{what}: {code} {_words(text)}"
    if 500 <= code < 600 and code not in _ABOUT_US:
        raise DropDelivery(reason)
    raise RetryDelivery(reason)


def _words(text: bytes | str) -> str:
    return " ".join((text.decode("utf-8", "replace") if isinstance(text, bytes) else text).split())
