"""What is posted, and what follows from each answer; the contract is held by real HTTP."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fmn_backend_example import fmn_register_backends
from fmn_core import AddressRefused, DropDelivery, RetryDelivery, Settings, UsageError
from fmn_core.testing import check_backend, notification


class Hook(BaseHTTPRequestHandler):
    """Answers as the test says."""

    def do_POST(self):
        self.server.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        status, headers, text = self.server.answers.pop(0) if self.server.answers else (204, {}, "")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def hook():
    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        server.heard, server.answers = [], []
        server.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def backend():
    (made,) = fmn_register_backends(Settings(plugin={"webhook": {"hosts": ["127.0.0.1"], "timeout": 5}}))
    return made


def to(address, **fields):
    return notification(backend="webhook", destination=address, **fields)


def test_contract(tmp_path, backend):
    far_end = backend.rehearse(tmp_path)
    (first,), (second,) = far_end.addresses("nela"), far_end.addresses("bo")
    check_backend(backend, first, others=[second], arrived=lambda: [one.text for one in far_end.arrived()])
    far_end.close()
    assert {one.destination for one in far_end.arrived()} == {first, second}


def test_contract_without_anybody_at_the_far_end(hook, backend):
    hook.server_close()
    check_backend(backend, hook.url)


def test_what_is_posted(hook, backend):
    one = to(hook.url)
    backend.deliver(one)
    (heard,) = hook.heard
    assert (heard["id"], heard["purpose"], heard["summary"]) == (one.id, "wish", "a thing happened")


@pytest.mark.parametrize(
    ("status", "headers", "kind", "after"),
    [
        (404, {}, AddressRefused, None),
        (410, {}, AddressRefused, None),
        (429, {"Retry-After": "30"}, RetryDelivery, 30.0),
        (429, {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, RetryDelivery, None),
        (503, {}, RetryDelivery, None),
        (301, {"Location": "http://127.0.0.1:1/"}, DropDelivery, None),
        (400, {}, DropDelivery, None),
    ],
)
def test_what_follows_from_an_answer(hook, backend, status, headers, kind, after):
    hook.answers.append((status, headers, ""))
    with pytest.raises(kind, match=str(status)) as caught:
        backend.deliver(to(hook.url))
    assert type(caught.value) is kind
    assert getattr(caught.value, "after", None) == after


@pytest.mark.parametrize(
    "address",
    [
        "",
        "hook",
        "ftp://127.0.0.1/",
        "http://[",
        "http://10.0.0.1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/a\r\nX: y",
        "http://127.0.0.1:x/",
        "http://x@127.0.0.1/",
    ],
)
def test_other_addresses_are_refused_and_nothing_is_posted_there(backend, address):
    with pytest.raises(UsageError):
        backend.check_address(address)
    with pytest.raises(DropDelivery):
        backend.deliver(to(address))


class Desk:
    def answer(self, address, text):
        return [f"{address} wrote {text}"]


def test_an_answer_is_a_command_of_somebody_who_may_be_anybody(hook, backend):
    backend.start(Desk())
    hook.answers.append((200, {}, "mute kernel\n"))
    backend.deliver(to(hook.url))
    assert hook.heard[1] == {"purpose": "answer", "lines": ["None wrote mute kernel"]}


def test_over_tls_it_is_certain_who_gave_an_answer(backend, monkeypatch):
    posted = []
    monkeypatch.setattr(backend, "_post", lambda address, **words: posted.append(words) or b"mute kernel")
    backend.start(Desk())
    backend.deliver(to("https://127.0.0.1/hook"))
    assert posted[1]["lines"] == ["https://127.0.0.1/hook wrote mute kernel"]


def test_an_answer_that_cannot_be_posted_does_not_send_the_notification_again(hook, backend):
    backend.start(Desk())
    hook.answers += [(200, {}, "help"), (500, {}, "")]
    backend.deliver(to(hook.url))
    assert len(hook.heard) == 2


def test_without_a_reception_an_answer_is_nothing(hook, backend):
    hook.answers.append((200, {}, "mute kernel"))
    backend.deliver(to(hook.url))
    assert len(hook.heard) == 1


def test_check_names_the_hosts(backend):
    assert backend.check() == "webhooks at 127.0.0.1"
    (unset,) = fmn_register_backends(Settings())
    assert "set hosts" in unset.check()
