"""The settings of live events."""

from __future__ import annotations

from pydantic import Field, SecretStr

from fmn_core import Section


class SseSettings(Section):
    """``[plugin.sse]``.

    :param host: where the server listens
    :param port: where the server listens; 0 for any that is free
    :param public_url: where people reach it, if a proxy stands before it
    :param secret: what tokens are made with, the same for all who serve; empty for one made at first use and kept in
        the data folder
    :param keep_seconds: how long an event can be had again
    :param keep_events: how many events of a user can be had again
    :param heartbeat: seconds of silence after which a sign of life is sent
    :param poll: seconds between looks for new events
    :param patience: seconds after which a client that takes nothing is dropped
    :param allow_origin: whose pages may read streams, given the token
    """

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8081, ge=0, le=65535)
    public_url: str = Field(default="", pattern="^(https?://.+)?$")
    secret: SecretStr = SecretStr("")
    keep_seconds: float = Field(default=3600.0, gt=0)
    keep_events: int = Field(default=500, ge=1)
    heartbeat: float = Field(default=20.0, gt=0)
    poll: float = Field(default=0.2, gt=0)
    patience: float = Field(default=30.0, gt=0)
    allow_origin: str = "*"

    def url(self, port: int) -> str:
        """Return where people reach the server, without a slash at the end.

        :param port: the one it listens on
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url.rstrip("/") or f"http://{host}:{port}"
