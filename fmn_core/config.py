"""Configuration: a TOML file and the environment become one frozen Settings, or one error listing every problem. F1."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from .errors import ConfigError, UnknownNameError
from .mistakes import in_words
from .raw_settings import overlay, read

#: names the configuration file where ``--config`` does not
CONFIG_VARIABLE = "FMN_CONFIG"
#: of a host
HIGHEST_PORT = 65535


class Section(BaseModel):
    """Base of every part of the configuration, those of plugins too: unknown names are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _listed(value: Any) -> Any:
    """Read ``a, b`` as a list: the environment knows only text."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


#: setting type: a list of names, or text with commas between them
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


#: setting type: how often something may be done, ``30 per minute``; empty for any number
Rate = Annotated[str, Field(pattern=r"^([1-9]\d{0,6} per (second|minute|hour|day))?$")]


class StoreSettings(Section):
    """``[store]``: where users and preferences are.

    :param url: an SQLAlchemy URL; empty for ``fmn.sqlite`` in the data folder
    """

    url: str = ""


class TransportSettings(Section):
    """``[transport]``: what carries messages between the stages.

    :param url: ``embedded:///FILE``, ``amqp://…`` or ``amqps://…``; empty for ``queue.sqlite`` in the data folder
    :param prefix: stands before every name on the broker
    :param queues: their kind on the broker
    :param passive: declare nothing on the broker, the operator has
    :param prefetch: pieces that the broker hands to a process before it has settled one
    :param ca_file: certificates of authorities to trust, with ``amqps``; empty for those of the system
    :param cert_file: our own certificate, if the broker asks for one
    :param key_file: its key
    """

    url: str = ""
    prefix: str = Field(default="fmn", pattern=r"^[\w.-]{1,100}$")
    queues: Literal["quorum", "classic"] = "quorum"
    passive: bool = False
    prefetch: int = Field(default=1000, ge=1, le=65_535)
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""

    @field_validator("url")
    @classmethod
    def _is_known(cls, url: str) -> str:
        if url and not re.fullmatch("(embedded:///|amqps?://).+", url):
            raise ValueError("must be embedded:///FILE, amqp://USER:PASSWORD@HOST/VHOST or amqps://…")
        return url


class PluginsSettings(Section):
    """``[plugins]``: which of the installed plugins are loaded, by entry point name and before they are imported.

    :param enabled: only these; empty for all that are installed
    :param disabled: all but these
    """

    enabled: Names = ()
    disabled: Names = ()


class ConsumerSettings(Section):
    """``[consumer]``: what is read from the bus.

    :param junk: ends of topics that are dropped before anything else
    :param ignored_owners: owners whose Copr messages are dropped
    :param validation: whether messages of the bus are held against the schemas that they name
    """

    junk: Names = ()
    ignored_owners: Names = ()
    validation: bool = True


class RedisSettings(Section):
    """``[redis]``: where processes on several machines share what they look up.

    :param url: ``redis://HOST/NUMBER``, ``rediss://`` with TLS or ``unix://FILE``; empty for files in the data folder
    """

    url: str = ""

    @field_validator("url")
    @classmethod
    def _is_known(cls, url: str) -> str:
        if url and not re.fullmatch("(rediss?|unix)://.+", url):
            raise ValueError(f"must be redis://HOST/NUMBER, not {url!r}")
        return url


class LookupsSettings(Section):
    """``[lookups]``: who maintains what, and who is in which group.

    :param refresh: seconds between two times that each source is asked for everything
    """

    refresh: float = Field(default=600.0, gt=0, le=86_400)


class DeliverySettings(Section):
    """``[delivery]``: how often and how long delivery tries.

    :param attempts: tries before a notification becomes a dead letter
    :param first_delay: seconds before the second try; it doubles from there
    :param longest_delay: seconds that a pause grows to at most
    """

    attempts: int = Field(default=12, ge=1)
    first_delay: float = Field(default=5.0, gt=0)
    longest_delay: float = Field(default=3600.0, gt=0)


class ConversationSettings(Section):
    """``[conversation]``: what people are told who write to us, on IRC for one.

    :param operator: who runs this instance
    :param support: where to turn to if something is wrong: a mail address or a page
    :param help: what ``help`` says, in place of what is built in
    :param identify: how people show that they are who they say, in place of what is built in
    """

    operator: str = ""
    support: str = ""
    help: str = ""
    identify: str = ""


class ConfirmationSettings(Section):
    """``[confirmation]``: how those who read at an address are asked whether it may be used.

    :param per_account: requests of one account within an hour
    :param per_address: requests to one address within a day, of all accounts together
    :param expire_hours: how long after a request was sent an answer counts
    :param abuse: an address or a page, for those who are asked against their will; empty for the start page
    """

    per_account: int = Field(default=10, ge=1)
    per_address: int = Field(default=3, ge=1)
    expire_hours: int = Field(default=24, ge=1, le=8760)
    abuse: str = ""


class LedgerSettings(Section):
    """``[ledger]``: how long it is remembered what became of notifications.

    :param keep_days: what is older is forgotten, unless it still waits
    """

    keep_days: int = Field(default=90, ge=1, le=36_500)


class ArchiveSettings(Section):
    """``[archive]``: recent messages that are kept for forecasts and explanations.

    :param keep_days: what is older is forgotten; 0 for no archive at all
    :param keep_megabytes: of what is left, the oldest is forgotten until no more than this is kept
    """

    keep_days: int = Field(default=14, ge=0, le=3650)
    keep_megabytes: int = Field(default=2000, ge=1)


class WebSettings(Section):
    """``[web]``: who may log in to the pages, and what they are told.

    :param issuer: URL of an OpenID provider (``https://id.fedoraproject.org/openidc/``); empty for no login there
    :param client_id: what the provider knows these pages by
    :param client_secret: which proves it
    :param scopes: what is asked of the provider, ``openid`` included
    :param name_claim: claim that is the name of an account
    :param mail_claim: claim that is the mail address of an account
    :param demo_login: let anybody be anybody, with a click; only where nobody else can reach the pages
    :param session_hours: how long somebody stays logged in
    :param proxies: proxies before the pages, whose word on the visitor's address and protocol counts
    :param login_limit: logins from one address; empty for any number, as for the other limits
    :param link_limit: uses of confirmations, links to unsubscribe and feeds from one address
    :param search_limit: forecasts, searches and explanations of one account
    :param api_limit: calls of one program
    :param datagrepper: URL of an archive of the bus, asked for messages that ours has no more; empty for none
    :param datagrepper_seconds: how long a page waits for it
    :param admin_group: whoever is in this group sees how the instance is and may act as anybody; empty for nobody
    :param admins: accounts that may likewise, where no lookup knows groups
    """

    issuer: str = ""
    client_id: str = ""
    client_secret: str = ""
    scopes: str = "openid profile email"
    name_claim: str = "nickname"
    mail_claim: str = "email"
    demo_login: bool = False
    session_hours: int = Field(default=24 * 14, ge=1, le=8760)
    proxies: int = Field(default=0, ge=0, le=10)
    login_limit: Rate = "30 per minute"
    link_limit: Rate = "60 per minute"
    search_limit: Rate = "120 per minute"
    api_limit: Rate = "600 per minute"
    datagrepper: str = Field(default="", pattern="^(https?://.+)?$")
    datagrepper_seconds: float = Field(default=4.0, gt=0, le=60)
    admin_group: str = ""
    admins: Names = ()


class MonitoringSettings(Section):
    """``[monitoring]``: where a process tells how it is.

    :param listen: ``HOST:PORT`` for metrics and health; empty for nowhere
    """

    listen: str = ""

    @field_validator("listen")
    @classmethod
    def _is_a_place(cls, listen: str) -> str:
        if listen:
            host_and_port(listen)
        return listen


class LoggingSettings(Section):
    """``[logging]``: what is logged on standard error, and how.

    :param format: ``text`` for people, ``json`` for one JSON object a line
    :param level: lines below it are left out
    """

    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "warning"


def host_and_port(place: str) -> tuple[str, int]:
    """Return the host and the port of ``HOST:PORT``; an IPv6 address stands in brackets.

    :raises ValueError: if it is none
    """
    found = re.fullmatch(r"(?:\[([^]]+)\]|([^:\[\]\s]+)):(\d{1,5})", place)
    if found is None or int(found[3]) > HIGHEST_PORT:
        raise ValueError(f"must be HOST:PORT, not {place!r}")
    return found[1] or found[2], int(found[3])


SectionType = TypeVar("SectionType", bound=BaseModel)


class Settings(Section):
    """All of the configuration.

    :param data_dir: folder for everything that is kept in files
    :param base_url: where people reach the web pages, for links in notifications
    :param plugin: the plugins' own sections, ``[plugin.<entry point name>]``
    """

    data_dir: Path = Path("fmn-data")
    base_url: str = "http://127.0.0.1:8080/"
    store: StoreSettings = StoreSettings()
    transport: TransportSettings = TransportSettings()
    plugins: PluginsSettings = PluginsSettings()
    consumer: ConsumerSettings = ConsumerSettings()
    redis: RedisSettings = RedisSettings()
    lookups: LookupsSettings = LookupsSettings()
    delivery: DeliverySettings = DeliverySettings()
    conversation: ConversationSettings = ConversationSettings()
    confirmation: ConfirmationSettings = ConfirmationSettings()
    ledger: LedgerSettings = LedgerSettings()
    archive: ArchiveSettings = ArchiveSettings()
    web: WebSettings = WebSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    logging: LoggingSettings = LoggingSettings()
    plugin: dict[str, dict[str, Any]] = Field(default_factory=dict)

    def section(self, name: str, model: type[SectionType]) -> SectionType:
        """Return a plugin's own section, validated.

        :param name: the entry point name of the plugin
        :param model: a subclass of :class:`Section`
        :raises ConfigError: listing every mistake in the section
        """
        try:
            return model.model_validate(self.plugin.get(name, {}))
        except ValidationError as error:
            problems = _problems(error, model, f"plugin.{name}.")
            raise ConfigError(f"section [plugin.{name}]", problems) from None

    @property
    def store_url(self) -> str:
        """The URL of the store in force."""
        return self.store.url or f"sqlite:///{self.data_dir.absolute() / 'fmn.sqlite'}"

    @property
    def transport_url(self) -> str:
        """The URL of the transport in force."""
        return self.transport.url or f"embedded:///{self.data_dir.absolute() / 'queue.sqlite'}"


def load_settings(
    path: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    further: Callable[[Settings], Iterable[str]] = lambda settings: (),
) -> Settings:
    """Read the configuration.

    A relative ``data_dir`` is taken from the folder of the file.

    :param path: the TOML file; None for the one ``FMN_CONFIG`` names, else for defaults alone
    :param further: where there are mistakes, it is asked for more of them in what is left without them
    :raises ConfigError: listing every mistake in file and environment
    """
    if path is None and environment.get(CONFIG_VARIABLE):
        path = Path(environment[CONFIG_VARIABLE])
    raw = read(path) if path else {}
    overlay(raw, environment)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        problems = [*_problems(error, Settings), *further(Settings.model_validate(_without(raw, error)))]
        raise ConfigError(f"configuration {path or 'from the environment'}", problems) from None
    if path and not settings.data_dir.is_absolute():
        settings = settings.model_copy(update={"data_dir": path.absolute().parent / settings.data_dir})
    return settings


def _without(raw: Mapping[str, Any], mistakes: ValidationError) -> dict[str, Any]:
    """Return what is left without the settings that are wrong: their defaults are right."""
    rest = {name: dict(part) if isinstance(part, dict) else part for name, part in raw.items()}
    for mistake in mistakes.errors():
        first, *second = map(str, mistake["loc"][:2])
        place, name = (rest[first], second[0]) if second else (rest, first)
        place.pop(name, None)
    return rest


def _problems(error: ValidationError, model: type[BaseModel], prefix: str = "") -> list[str]:
    return [_problem(e, model, prefix) for e in error.errors()]


def _problem(error: Any, model: type[BaseModel], prefix: str) -> str:
    where = prefix + ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return str(UnknownNameError("setting", where, [prefix + name for name in _names(model)]))
    return f"{where}: {in_words(error)}"


def _names(model: type[BaseModel], prefix: str = "") -> list[str]:
    names = []
    for name, field in model.model_fields.items():
        names.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names += _names(field.annotation, f"{prefix}{name}.")
    return names
