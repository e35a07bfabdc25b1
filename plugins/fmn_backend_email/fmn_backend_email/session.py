"""One session with an SMTP server: every step is over within the timeout, and every "no" says what it was about."""

from __future__ import annotations

import functools
import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from .compose import Mail
from .patience import Patient, PatientTls
from .verdicts import LOST, Refusal, Step

#: the reply to DATA that asks for the mail, and the end of the mail
_GO_ON, _END = 354, b".\r\n"


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
        try:
            self._announce(mail)
            with _step(Step.MAIL):
                self._smtp.send(_quoted(mail.content))
                _expect(Step.MAIL, *self._smtp.getreply())
        except Refusal as refusal:
            if refusal.over or not self._reset():
                self.close()
            raise
        except BaseException:
            self.close()
            raise

    def _announce(self, mail: Mail) -> None:
        """Say from whom to whom, and that the mail follows; all at once where the server allows that (RFC 2920)."""
        smtp = self._smtp
        size = f" SIZE={len(mail.content)}" if smtp.has_extn("size") else ""
        # both addresses are in canonical form: smtplib would parse them anew, which takes longer than to send them
        commands = {
            Step.SENDER: f"MAIL FROM:<{mail.sender}>{size}",
            Step.RECIPIENT: f"RCPT TO:<{mail.recipient}>",
            Step.MAIL: "DATA",
        }
        if smtp.has_extn("pipelining"):
            self._all_at_once(commands)
            return
        for step, command in commands.items():
            with _step(step):
                _expect(step, *smtp.docmd(command))

    def _all_at_once(self, commands: Mapping[Step, str]) -> None:
        smtp, refusal, code = self._smtp, None, 0
        with _step(Step.SENDER):
            smtp.send("".join(f"{command}\r\n" for command in commands.values()))
        for step in commands:
            if smtp.sock is None:  # smtplib has hung up: the server said that it closes
                break
            try:
                with _step(step):
                    code, words = smtp.getreply()
                    _expect(step, code, words)
            except Refusal as error:
                refusal = refusal or error  # the first "no" is the reason for all that follow
        if refusal is None:
            return
        if code == _GO_ON:  # it waits for a mail all the same: that is an empty one, for nobody
            with suppress(smtplib.SMTPException, OSError):
                smtp.send(_END)
                smtp.getreply()
        raise refusal

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


def _quoted(content: bytes) -> bytes:
    """Return a mail as it is sent, with its end: no line of it is taken for the end (RFC 5321, section 4.5.2).

    :param content: its lines end in CR and LF
    """
    start = b"." if content.startswith(b".") else b""
    end = _END if content.endswith(b"\r\n") else b"\r\n" + _END
    return start + content.replace(b"\n.", b"\n..") + end


def _expect(step: Step, code: int, words: bytes | str) -> None:
    """Hold a reply to what is expected; raises as :func:`_step` does."""
    if not (200 <= code < 300 or code == _GO_ON):
        raise Refusal(step, code if code > 0 else LOST, _line(words))


@contextmanager
def _step(step: Step) -> Iterator[None]:
    """Turn what smtplib raises into a refusal."""
    try:
        yield
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
