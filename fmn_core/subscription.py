"""Subscription: which broker is the bus, and what is read from it, in the words of fedora-messaging. Floor F1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from .errors import ConfigError
from .mistakes import in_words

Arguments = Annotated[dict[str, Any], BeforeValidator(lambda value: {} if value is None else value)]
#: a path; empty for none
File = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class _Part(BaseModel):
    """Base of every part: names that only the library knows are none of our business."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Exchange(_Part):
    """``[exchanges.NAME]``."""

    type: str = "topic"
    durable: bool = True
    auto_delete: bool = False
    arguments: Arguments = Field(default_factory=dict)


class Queue(_Part):
    """``[queues.NAME]``.

    :param passive: only look whether it is there; None for what holds for all
    """

    durable: bool
    auto_delete: bool
    exclusive: bool
    arguments: Arguments
    passive: bool | None = None


class Binding(_Part):
    """``[[bindings]]``: messages of an exchange whose topics fit one of the keys come to a queue."""

    queue: str = ""
    exchange: str
    routing_keys: tuple[str, ...]


class Prefetch(_Part):
    """``[qos]``: how much the broker hands out before something is acknowledged."""

    prefetch_count: int = Field(default=10, ge=0, le=65_535)
    prefetch_size: int = Field(default=0, ge=0)


class Certificates(_Part):
    """``[tls]``: files, for an URL that begins with ``amqps``."""

    ca_cert: File = ""
    certfile: File = ""
    keyfile: File = ""


class Subscription(_Part):
    """What is read from the bus, and how it is reached.

    :param passive_declares: only look whether the queues and exchanges are there
    """

    amqp_url: str
    client_properties: dict[str, str] = Field(default_factory=dict)
    tls: Certificates = Certificates()
    exchanges: dict[str, Exchange] = Field(default_factory=dict)
    queues: dict[str, Queue]
    bindings: tuple[Binding, ...] = ()
    qos: Prefetch = Prefetch()
    passive_declares: bool = False

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any], source: str) -> Subscription:
        """Take it from the settings that fedora-messaging has read.

        :param source: names the configuration, for the error
        :raises ConfigError: listing every mistake
        """
        try:
            return cls.model_validate(dict(configuration))
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, one['loc']))}: {in_words(one)}" for one in error.errors()]
            raise ConfigError(source, problems) from None

    def keys_of(self, queue: str) -> list[tuple[str, str]]:
        """Return the exchanges and routing keys by which messages come to a queue."""
        found = [binding for binding in self.bindings if binding.queue == queue]
        return [(binding.exchange, key) for binding in found for key in binding.routing_keys]
