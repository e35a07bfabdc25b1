"""One session with an SMTP server: every step is over within the timeout, and every "no" says what it was about."""

from __future__ import annotations

import functools
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from .compose import Mail
from .patience import Patient, PatientTls
from .verdicts import LOST, Refusal, Step


@dataclass(frozen=True)
class Server:
    """An SMTP server, and how we talk to it.

    :param encryption: ``none``, ``starttls`` or ``tls``
    :param login: name and password; an empty name for none
    :param timeout: seconds for each step
    :param ca_file: certificates of authorities to trust; empty for those of the system
    :param our_name: the name with which we greet; empty for the name of this machine
    """

    host: str
    port: int
    encryption: str = "none"
    login: tuple[str, str] = field(default=("", ""), repr=False)
    timeout: float = 30.0
    ca_file: str = ""
    our_name: str = ""

    @functools.cached_property
    def trust(self) -> ssl.SSLContext:
        """Whose certificates are good."""
        return ssl.create_default_context(cafile=self.ca_file or None)

    @functools.cached_property
    def greeting(self) -> str:
        """The name with which we greet; the name of this machine is asked for once, for DNS may be slow."""
        return self.our_name or socket.getfqdn()

    def __str__(self) -> str:
        return f"mail server {self.host}:{self.port}"


class Session:
    """A session that is open, logged in and encrypted as wanted. Belongs to one thread at a time.

    :raises Refusal: if it cannot be
    """

    def __init__(self, server: Server) -> None:
        with _step(Step.SESSION):
            self._smtp = _connected(server)
            try:
                if server.encryption == "starttls":
                    self._smtp.starttls(context=server.trust)
                if server.login[0]:
                    self._smtp.login(*server.login)
                self._smtp.ehlo_or_helo_if_needed()
            except BaseException:
                self._smtp.close()
                raise

    def send(self, mail: Mail) -> None:
        """Hand over a mail.

        :raises Refusal: if the server does not take it; afterwards the session is closed, or fit for the next mail
        """
        smtp = self._smtp
        try:
            size = f" SIZE={len(mail.content)}" if smtp.has_extn("size") else ""
            # both addresses are in canonical form: smtplib would parse them anew, which takes longer than to send them
            with _step(Step.SENDER) as expect:
                expect(*smtp.docmd("MAIL", f"FROM:<{mail.sender}>{size}"))
            with _step(Step.RECIPIENT) as expect:
                expect(*smtp.docmd("RCPT", f"TO:<{mail.recipient}>"))
            with _step(Step.MAIL) as expect:
                expect(*smtp.data(mail.content))
        except Refusal as refusal:
            if refusal.over or not self._reset():
                self.close()
            raise
        except BaseException:
            self.close()
            raise

    @property
    def closed(self) -> bool:
        """Whether no more mail can go through it."""
        return self._smtp.sock is None

    def alive(self) -> bool:
        """Ask the server whether it is still there; if not, the session is closed."""
        with suppress(smtplib.SMTPException, OSError):
            if self._smtp.noop()[0] == 250:
                return True
        self.close()
        return False

    def _reset(self) -> bool:
        with suppress(smtplib.SMTPException, OSError):
            return self._smtp.rset()[0] == 250
        return False

    def close(self) -> None:
        """Hang up."""
        self._smtp.close()

    def quit(self) -> None:
        """Say goodbye and hang up."""
        with suppress(smtplib.SMTPException, OSError):
            self._smtp.quit()
        self._smtp.close()


def _expect(step: Step, code: int, words: bytes | str) -> None:
    if not 200 <= code < 300:
        raise Refusal(step, code if code > 0 else LOST, _line(words))


@contextmanager
def _step(step: Step) -> Iterator[Any]:
    """Turn what smtplib raises into a refusal."""
    try:
        yield functools.partial(_expect, step)
    except smtplib.SMTPResponseException as error:
        raise Refusal(step, max(error.smtp_code, LOST), _line(error.smtp_error)) from error
    except (smtplib.SMTPException, OSError, ValueError) as error:  # ValueError: what is no certificate, or no host
        raise Refusal(step, LOST, _line(str(error)) or type(error).__name__) from error


def _line(text: bytes | str) -> str:
    return " ".join((text.decode("utf-8", "replace") if isinstance(text, bytes) else text).split())


def _connected(server: Server) -> smtplib.SMTP:
    if server.encryption == "tls":
        return PatientTls(server.host, server.port, server.greeting, timeout=server.timeout, context=server.trust)
    return Patient(server.host, server.port, server.greeting, timeout=server.timeout)
