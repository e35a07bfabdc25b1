"""Both carriers, Redis through keys of each test's own; settings, a backend and notifications."""

import os
import socket
import uuid
from contextlib import ExitStack

import pytest
import redis
from redis_place import REDIS, Proxy

from fmn_backend_sse import fmn_register_backends
from fmn_backend_sse.keys import opened_keys
from fmn_core import Settings
from fmn_core.testing import notification


@pytest.fixture
def redis_prefix():
    """What the keys of this test begin with; they are deleted at its end."""
    client = redis.Redis.from_url(REDIS, socket_connect_timeout=5)
    try:
        client.ping()
    except redis.RedisError as error:
        client.close()
        if os.environ.get("FMN_TEST_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(f"no Redis: {error}; set FMN_TEST_REDIS")
    prefix = f"fmn-test-{uuid.uuid4().hex[:12]}"
    yield prefix
    for key in client.scan_iter(f"{prefix}:*"):
        client.delete(key)
    client.close()


@pytest.fixture(params=["sqlite", "redis"])
def carried(request):
    """Return the sections of a configuration that choose a carrier, other than ``[plugin.sse]``, and that one."""
    if request.param == "sqlite":
        return {}, {}
    return {"redis": {"url": REDIS}}, {"redis_prefix": request.getfixturevalue("redis_prefix")}


@pytest.fixture
def configured(carried, tmp_path):
    """Make settings, with options of the plugin."""
    sections, own = carried

    def make(**options):
        plugin = {"port": 0, "poll": 0.01, **own, **options}
        return Settings.model_validate({"data_dir": tmp_path / "data", "plugin": {"sse": plugin}, **sections})

    return make


@pytest.fixture
def settings(configured):
    return configured()


@pytest.fixture
def backend(settings):
    (made,) = fmn_register_backends(settings)
    yield made
    made.close()


@pytest.fixture
def keys(settings):
    with opened_keys(settings) as keys:
        yield keys


@pytest.fixture
def url_of(keys):
    """Return where a user's stream is on a server."""
    return keys.url


@pytest.fixture
def stack():
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def to():
    """Make a notification for somebody, each with an id of its own."""

    def make(user, summary="a thing happened", facts=(), **fields):
        fields = {"message_id": f"{user}: {summary}", **fields}
        return notification({"summary": summary, **dict(facts)}, user=user, backend="sse", destination=user, **fields)

    return make


@pytest.fixture
def proxy(redis_prefix):
    """A way to Redis that can be cut and mended."""
    proxy = Proxy()
    yield proxy
    proxy.cut()


@pytest.fixture
def free_port():
    """A port of this machine on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
