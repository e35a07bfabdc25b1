"""The proxy that other tests cut."""

import socket
import threading

import pytest
from proxy import Proxy


@pytest.fixture
def echo():
    """The port of a server that says everything twice."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                while data := client.recv(100):
                    client.sendall(data * 2)

    thread = threading.Thread(target=serve)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def connect(proxy):
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=10)


def test_it_carries_and_when_cut_it_ends_and_refuses_and_mended_it_carries_again(echo):
    with Proxy("127.0.0.1", echo) as proxy:
        with connect(proxy) as client:
            client.sendall(b"a")
            assert client.recv(2, socket.MSG_WAITALL) == b"aa"
            proxy.cut()
            assert client.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            connect(proxy)
        proxy.mend()
        with connect(proxy) as client:
            client.sendall(b"b")
            assert client.recv(2, socket.MSG_WAITALL) == b"bb"


def test_a_url_leads_through_it_with_everything_else_as_it_was(echo):
    with Proxy("127.0.0.1", echo) as proxy:
        assert proxy.url("amqp://me:s%40x@broker:5672/%2F?heartbeat=5") == (
            f"amqp://me:s%40x@127.0.0.1:{proxy.port}/%2F?heartbeat=5"
        )
        assert proxy.url("redis://broker") == f"redis://127.0.0.1:{proxy.port}"
