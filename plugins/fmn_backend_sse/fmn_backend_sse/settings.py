"""The settings of live events."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, field_validator

from fmn_core import Section


def _listed(value: Any) -> Any:
    """Read ``a, b`` as a list: the environment knows only text."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class SseSettings(Section):
    """``[plugin.sse]``.

    :param host: where the server listens
    :param port: where the server listens; 0 for any that is free
    :param public_url: where people reach it, if a proxy stands before it
    :param monitoring: ``HOST:PORT`` for metrics and health of the server; empty for nowhere
    :param secret: what tokens are made with, the same for all who serve; empty for one made at first use and kept in
        the data folder
    :param ticket_seconds: how long the address that a page of the web gets opens a stream
    :param keep_seconds: how long an event can be had again
    :param keep_events: how many events of a user can be had again
    :param heartbeat: seconds between signs of life
    :param poll: seconds between looks for new events; with Redis there is no need to look
    :param patience: seconds after which a client that takes nothing is dropped
    :param buffer: bytes that wait for a client at most; one who has more waiting is dropped
    :param allow_origins: whose pages may read streams, given the token: ``https://HOST``, or ``*`` for all
    :param redis_prefix: what all our keys begin with, if ``[redis]`` carries the events
    """

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8081, ge=0, le=65535)
    public_url: str = Field(default="", pattern="^(https?://.+)?$")
    monitoring: str = Field(default="", pattern=r"^((\[[^]]+\]|[^:\[\]\s]+):\d{1,5})?$")
    secret: SecretStr = SecretStr("")
    ticket_seconds: float = Field(default=8 * 3600.0, gt=0)
    keep_seconds: float = Field(default=3600.0, gt=0, le=366 * 86_400)
    keep_events: int = Field(default=500, ge=1)
    heartbeat: float = Field(default=20.0, gt=0)
    poll: float = Field(default=0.2, gt=0)
    patience: float = Field(default=30.0, gt=0)
    buffer: int = Field(default=131_072, ge=0)
    allow_origins: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ("*",)
    redis_prefix: str = Field(default="fmn:sse", pattern=r"^[\w.:-]{1,100}$")

    @field_validator("allow_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if origin != "*" and not re.fullmatch(r"https?://[^/\s]+", origin):
                raise ValueError(f"must be * or like https://pages.example.org, not {origin!r}")
        return origins

    def url(self, port: int) -> str:
        """Return where people reach the server, without a slash at the end.

        :param port: the one it listens on
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url.rstrip("/") or f"http://{host}:{port}"
