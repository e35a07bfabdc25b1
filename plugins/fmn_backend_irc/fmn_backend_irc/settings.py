"""The settings of IRC delivery."""

from __future__ import annotations

from pydantic import Field, SecretStr

from fmn_core import Section


class IrcSettings(Section):
    """``[plugin.irc]``.

    :param host: the IRC server; while it is empty, deliveries wait
    :param port: empty for the usual one: 6667, or 6697 with TLS
    :param tls: encrypt, and hold the server to its certificate
    :param nick: by which people know us; with ``_`` behind it as long as it is taken
    :param password: of the server; most networks log the nick in with it
    :param rate: lines a second in the long run
    :param burst: lines that may go at once after a rest
    :param timeout: seconds to wait for the server
    :param pause: seconds between attempts to connect
    :param absent: seconds after which a nick that is not there is tried again
    """

    host: str = ""
    port: int | None = Field(default=None, ge=1, le=65535)
    tls: bool = False
    nick: str = Field(default="fmn", pattern=r"^[A-Za-z_\[\]\\^{}|`-][A-Za-z0-9_\[\]\\^{}|`-]{0,29}$")
    password: SecretStr = SecretStr("")
    rate: float = Field(default=1.6, gt=0)
    burst: int = Field(default=5, ge=1)
    timeout: float = Field(default=30.0, gt=0)
    pause: float = Field(default=60.0, ge=0)
    absent: float = Field(default=300.0, ge=0)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port in force."""
        return self.host, self.port or (6697 if self.tls else 6667)
