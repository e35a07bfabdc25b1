"""Fixtures of the core's own tests: a fresh store on each database that we promise, and plugins without pip."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pika
import psycopg
import pytest
import redis
from bus_place import BusPlace
from chat_place import ChatPlace
from numbers_place import PLUGIN, NumbersPlace
from processes import Running
from rabbit import Rabbit, lacking

from fmn_core.app import Application
from fmn_core.codec import encode_message
from fmn_core.commands import FMN
from fmn_core.store import Store, open_store
from fmn_core.testing import install, message
from fmn_core.transport.amqp.removal import remove
from fmn_core.transport.base import MESSAGES
from fmn_core.transport.embedded import EmbeddedTransport

POSTGRES = os.environ.get("FMN_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres").replace("+psycopg", "")
REDIS = os.environ.get("FMN_TEST_REDIS", "redis://127.0.0.1:6379/0")
REQUIRED = os.environ.get("FMN_TEST_REQUIRE_SERVICES") == "1"

AMQP = os.environ.get("FMN_TEST_AMQP", "amqp://guest:guest@127.0.0.1:5672/%2F")

#: a sound plugin, as a stranger would write it
EXAMPLE = Path(__file__).parent.parent / "examples" / "fmn_rules_example"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the import path to install plugins into; their modules are forgotten afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(folder):
            del sys.modules[name]


@pytest.fixture
def example(site: Path) -> Path:
    """The plugin of the examples, installed in the site."""
    install(EXAMPLE, site)
    return site


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL database of this session's own, dropped at its end."""
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        if REQUIRED:
            raise
        pytest.skip(f"no PostgreSQL: {str(error).splitlines()[0]}; set FMN_TEST_POSTGRES")
    name = f"fmn_test_{uuid.uuid4().hex[:12]}"
    with admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield POSTGRES.rpartition("/")[0] + f"/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def broker() -> str:
    """URL of a RabbitMQ that answers."""
    try:
        pika.BlockingConnection(pika.URLParameters(AMQP)).close()
    except pika.exceptions.AMQPError as error:
        if REQUIRED:
            raise
        pytest.skip(f"no RabbitMQ: {error!r}; set FMN_TEST_AMQP")
    return AMQP


@pytest.fixture(scope="session")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rabbit]:
    """A RabbitMQ of this session's own, that tests may restart and break."""
    if reason := lacking():
        if REQUIRED:
            raise AssertionError(reason)
        pytest.skip(reason)
    node = Rabbit(tmp_path_factory.mktemp("rabbit"))
    try:
        node.start()
        yield node
    finally:
        node.close()


@pytest.fixture
def vhost(rabbit: Rabbit) -> Iterator[str]:
    """The URL of a virtual host of this test's own on that RabbitMQ; everything in it is removed at the end."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield rabbit.add_vhost(name)
    rabbit.ctl("delete_vhost", name)


@pytest.fixture
def prefix(broker: str) -> Iterator[str]:
    """A prefix for the names of one test on the broker; everything of that name is removed at the end."""
    prefix = f"fmn-test-{uuid.uuid4().hex[:12]}"
    yield prefix
    remove(broker, prefix, USED, USED)


#: queues and things held that tests use on the broker
USED = (
    "q",
    "a",
    "b",
    "in",
    "out",
    "other",
    "silence",
    "another / thing",
    "messages",
    "deliveries.mail",
    "deliveries.crash",
    "changes",
    "clerk",
)


@pytest.fixture
def fresh_postgres(postgres: str) -> str:
    """URL of that database, without any table."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'fmn.sqlite'}"
    url: str = request.getfixturevalue("fresh_postgres")
    return url


@pytest.fixture
def opened() -> Iterator[Callable[[str], Store]]:
    """Open stores that are closed at the end."""
    stores: list[Store] = []

    def open_one(url: str) -> Store:
        stores.append(open_store(url))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture(scope="session")
def with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite with all tables: to copy it is much quicker than to make them."""
    path = tmp_path_factory.mktemp("with-tables") / "fmn.sqlite"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def store(store_url: str, opened: Callable[[str], Store], with_tables: Path) -> Store:
    """An empty store."""
    if store_url.startswith("sqlite:"):
        shutil.copy(with_tables, store_url.removeprefix("sqlite:///"))
    return opened(store_url)


@pytest.fixture
def chat(tmp_path: Path, opened: Callable[[str], Store]) -> ChatPlace:
    """Somebody who talks to us."""
    return ChatPlace(opened(f"sqlite:///{tmp_path / 'chat.sqlite'}"))


@pytest.fixture
def chat_on_each(store: Store) -> ChatPlace:
    """Somebody who talks to us, over each database."""
    return ChatPlace(store)


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """The configuration file of an instance in the folder."""
    path = tmp_path / "fmn.toml"
    path.write_text('data_dir = "."\n')
    return path


@pytest.fixture
def start(configuration: Path) -> Iterator[Callable[..., Running]]:
    """Start a command as a process on that instance; none outlives the test."""
    with ExitStack() as stack:

        def start_one(*arguments: str) -> Running:
            running = Running(*FMN, "--config", str(configuration), *arguments)
            stack.callback(running.abandon)
            return running

        yield start_one


@pytest.fixture
def queue_of_instance(tmp_path: Path) -> Iterator[EmbeddedTransport]:
    """The transport of that instance."""
    with closing(EmbeddedTransport(tmp_path / "queue.sqlite")) as transport:
        yield transport


@pytest.fixture
def publish(queue_of_instance: EmbeddedTransport) -> Callable[[int], None]:
    """Queue so many messages on that instance."""

    def publish_some(count: int) -> None:
        messages = [message("org.example.prod.bell.rang", id=f"m{n}") for n in range(count)]
        queue_of_instance.publish(MESSAGES, [encode_message(one) for one in messages])

    return publish_some


@pytest.fixture
def bus_place(broker: str, tmp_path: Path) -> Iterator[BusPlace]:
    """An exchange and a queue of this test's own on the bus."""
    place = BusPlace(broker, tmp_path)
    yield place
    place.close()


@pytest.fixture
def redis_prefix() -> Iterator[str]:
    """What the keys of this test begin with in the Redis of :data:`REDIS`; they are deleted at its end."""
    client = redis.Redis.from_url(REDIS, socket_connect_timeout=5)
    try:
        client.ping()
    except redis.RedisError as error:
        if REQUIRED:
            raise
        pytest.skip(f"no Redis: {error}; set FMN_TEST_REDIS")
    prefix = f"fmn-test-{uuid.uuid4().hex[:12]}"
    yield prefix
    for key in client.scan_iter(f"{prefix}:*"):
        client.delete(key)
    client.close()


@pytest.fixture
def redis_url(redis_prefix: str) -> str:
    """The URL of the Redis that tests use, which answers."""
    return REDIS


@pytest.fixture
def numbers_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NumbersPlace:
    """An instance for numbers; its plugin is installed for processes too."""
    site = tmp_path / "site"
    site.mkdir()
    install(PLUGIN, site)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site))
    return NumbersPlace(tmp_path)


@pytest.fixture
def assemble(numbers_place: NumbersPlace) -> Iterator[Callable[..., Application]]:
    """Configure that instance, and close what was assembled in the end."""
    with ExitStack() as stack:

        def make(sections: Mapping[str, Any] | None = None, **crash: Any) -> Application:
            return stack.enter_context(closing(numbers_place.application(crash, **(sections or {}))))

        yield make


@pytest.fixture
def messages(numbers_place: NumbersPlace) -> Callable[[int], Path]:
    """Write a file of numbered messages."""
    return numbers_place.messages


@pytest.fixture
def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
