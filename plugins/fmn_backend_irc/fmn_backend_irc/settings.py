"""The settings of IRC delivery."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from fmn_core import Section

_NICK = r"^[A-Za-z_\[\]\\^{}|`-][A-Za-z0-9_\[\]\\^{}|`-]{0,29}$"
_WORD = r"^[^\s:]\S*$"


class IrcSettings(Section):
    """``[plugin.irc]``.

    :param host: the IRC server; while it is empty, deliveries wait
    :param port: empty for the usual one: 6667, or 6697 with TLS
    :param tls: encrypt, and hold the server to its certificate
    :param ca_file: who vouches for that certificate; empty for those whom the system trusts
    :param cert_file: our own certificate with its key, by which SASL EXTERNAL knows us
    :param key_file: the key, where it is in another file
    :param nick: by which people know us; with ``_`` behind it as long as it is taken
    :param password: of the server
    :param account: our account of services; empty for the nick
    :param sasl_password: of the account, to log in before the server lets us in
    :param nickserv_password: of the account, to log in afterwards, on networks without SASL
    :param services: nick of the services that know accounts, with ``@`` and their host where lines have to go there
    :param services_host: if set, only answers from this host are theirs
    :param identification: how we find out whether a nick is logged in: by ``account-tag``, by asking services for
        ``acc`` or ``status``; ``none`` for a network without accounts
    :param recovery: what services call taking a nick back
    :param rate: lines a second in the long run
    :param burst: lines that may go at once after a rest
    :param timeout: seconds to wait for the server, and for services
    :param pause: seconds after the first failed attempt to connect; doubled after each further one
    :param longest_pause: seconds between attempts at most
    :param silence: seconds without a word from the server, after which we ask whether it is there
    :param absent: seconds after which a nick that is not there is tried again
    :param rejoin: seconds after which a channel that kicked us is joined again
    :param overflow_lines: notifications that one destination gets before the rest becomes a digest; 0 for any number
    :param overflow_seconds: within which they are counted
    :param shortener: a page that answers a GET with parameter ``url`` with a short link
    """

    host: str = ""
    port: int | None = Field(default=None, ge=1, le=65535)
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    nick: str = Field(default="fmn", pattern=_NICK)
    password: SecretStr = SecretStr("")
    account: str = Field(default="", pattern=r"^\S*$")
    sasl_password: SecretStr = SecretStr("")
    nickserv_password: SecretStr = SecretStr("")
    services: str = Field(default="NickServ", pattern=_WORD)
    services_host: str = ""
    identification: Literal["auto", "account-tag", "acc", "status", "none"] = "auto"
    recovery: str = Field(default="GHOST", pattern=_WORD)
    rate: float = Field(default=1.6, gt=0)
    burst: int = Field(default=5, ge=1)
    timeout: float = Field(default=30.0, gt=0)
    pause: float = Field(default=5.0, ge=0)
    longest_pause: float = Field(default=60.0, ge=0)
    silence: float = Field(default=120.0, gt=0)
    absent: float = Field(default=300.0, ge=0)
    rejoin: float = Field(default=60.0, ge=0)
    overflow_lines: int = Field(default=20, ge=0)
    overflow_seconds: float = Field(default=60.0, gt=0)
    shortener: str = Field(default="", pattern=r"^(https?://\S+)?$")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port in force."""
        return self.host, self.port or (6697 if self.tls else 6667)

    @property
    def server(self) -> str:
        """The server, for people."""
        return "IRC server {}:{}".format(*self.address)

    @property
    def services_nick(self) -> str:
        """Nick of services, without their host."""
        return self.services.partition("@")[0]

    @property
    def login(self) -> str:
        """Name of our account."""
        return self.account or self.nick

    @property
    def mechanism(self) -> str:
        """How SASL knows us; empty for not at all."""
        if self.sasl_password.get_secret_value():
            return "PLAIN"
        return "EXTERNAL" if self.cert_file else ""
