"""Streams as their clients see them, with both carriers."""

import json
import socket
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest
from streams import blocks, event, eventually, figures, position, reading, summary

from fmn_backend_sse.keys import opened_keys
from fmn_backend_sse.serving import serving
from fmn_core import FmnError, Settings


def test_event_arrives_with_id_name_and_data(settings, backend, url_of, to):
    with serving(settings) as base, reading(url_of(base, "jane")) as (status, file):
        assert status == 200
        assert file.readline() == b"retry: 3000\n"
        backend.deliver(to("jane", "žluťoučký <b>kůň</b>"))
        got = event(file)
    assert set(got) == {"id", "event", "data"}
    assert got["event"] == "notification"
    assert json.loads(got["data"])["summary"] == "žluťoučký <b>kůň</b>"
    assert "<b>" not in got["data"]


def test_chunks_of_newer_clients_hold_whole_frames(settings, backend, url_of, to):
    with serving(settings) as base, reading(url_of(base, "jane"), version="1.1") as (_, file):
        chunks = []
        while "event: notification" not in "".join(chunks):
            size = int(file.readline(), 16)
            chunks.append(file.read(size).decode())
            assert file.read(2) == b"\r\n"
            if len(chunks) == 2:
                backend.deliver(to("jane", "live"))
        assert all(chunk.endswith("\n\n") for chunk in chunks)


def test_every_window_gets_everything_and_others_nothing(settings, backend, url_of, to):
    with (
        serving(settings) as base,
        reading(url_of(base, "jane")) as (_, first),
        reading(url_of(base, "jane")) as (_, second),
        reading(url_of(base, "joe")) as (_, other),
    ):
        position(first), position(second), position(other)
        for number in range(250):
            backend.deliver(to("jane", str(number)))
        backend.deliver(to("joe", "for joe"))
        expected = [str(number) for number in range(250)]
        assert [summary(first) for _ in expected] == expected
        assert [summary(second) for _ in expected] == expected
        assert summary(other) == "for joe"


def test_a_client_that_comes_back_gets_what_it_missed_even_from_another_server(settings, backend, url_of, to):
    with serving(settings) as base, reading(url_of(base, "jane")) as (_, file):
        position(file)
        backend.deliver(to("jane", "seen"))
        seen = event(file)["id"]
    for number in range(250):
        backend.deliver(to("jane", f"missed {number}"))
    backend.deliver(to("joe", "not hers"))
    with serving(settings) as base:
        with reading(url_of(base, "jane") + "&last_event_id=0", Last_Event_ID=seen) as (_, file):
            assert [summary(file) for _ in range(250)] == [f"missed {number}" for number in range(250)]
            backend.deliver(to("jane", "live"))
            assert summary(file) == "live"
        with reading(url_of(base, "jane") + f"&last_event_id={seen}") as (_, file):
            assert summary(file) == "missed 0"


def test_without_an_id_a_stream_begins_with_what_comes(settings, backend, url_of, to):
    backend.deliver(to("jane", "before"))
    with serving(settings) as base, reading(url_of(base, "jane")) as (_, file):
        position(file)
        backend.deliver(to("jane", "after"))
        assert summary(file) == "after"


def test_what_comes_once_a_stream_is_open_is_in_it(settings, backend, url_of, to):
    """Open means that the headers are there: nothing else has to be waited for."""
    with serving(settings) as base:
        for number in range(30):
            with reading(url_of(base, "jane")) as (_, file):
                backend.deliver(to("jane", str(number)))
                assert summary(file) == str(number)


def test_a_client_that_left_before_anything_came_misses_nothing(settings, backend, url_of, to):
    with serving(settings) as base, reading(url_of(base, "jane")) as (_, file):
        began = position(file)
    backend.deliver(to("jane", "missed"))
    with serving(settings) as base, reading(url_of(base, "jane"), Last_Event_ID=began) as (_, file):
        assert summary(file) == "missed"


def test_a_client_can_ask_for_all_that_is_there(settings, backend, url_of, to):
    backend.deliver(to("jane", "before"))
    with serving(settings) as base, reading(url_of(base, "jane") + "&last_event_id=0") as (_, file):
        assert summary(file) == "before"


def test_an_id_of_somebody_else_or_of_nothing_gives_ones_own_window_after_a_gap(settings, backend, url_of, to):
    with serving(settings) as base:
        with reading(url_of(base, "joe")) as (_, file):
            joes = position(file)
        backend.deliver(to("jane", "kept"))
        backend.deliver(to("joe", "not hers"))
        for given in (joes, "garbage", "9" * 400, "-1"):
            with reading(url_of(base, "jane"), Last_Event_ID=given) as (status, file):
                assert status == 200
                gap = event(file)
                assert gap["event"] == "gap"
                assert "none of this stream" in json.loads(gap["data"])["reason"]
                assert summary(file) == "kept"
            with reading(url_of(base, "jane"), Last_Event_ID=gap["id"]) as (_, file):
                assert summary(file) == "kept"


def test_what_is_no_longer_kept_is_told_as_a_gap(configured, url_of, to, stack):
    settings = configured(keep_events=2)
    from fmn_backend_sse import fmn_register_backends

    (backend,) = fmn_register_backends(settings)
    stack.callback(backend.close)
    with serving(settings) as base:
        with reading(url_of(base, "jane")) as (_, file):
            began = position(file)
        backend.deliver(to("jane", "1"))
        backend.deliver(to("jane", "2"))
        with reading(url_of(base, "jane"), Last_Event_ID=began) as (_, file):
            assert [summary(file), summary(file)] == ["1", "2"]
        backend.deliver(to("jane", "3"))
        with reading(url_of(base, "jane"), Last_Event_ID=began) as (_, file):
            assert event(file)["event"] == "gap"
            assert [summary(file), summary(file)] == ["2", "3"]


def test_a_query_chooses_of_what_was_missed_and_of_what_comes(settings, backend, url_of, to):
    backend.deliver(to("jane", "bash was built", {"packages": frozenset({"bash"})}))
    backend.deliver(to("jane", "kernel was built", {"packages": frozenset({"kernel"})}))
    with serving(settings) as base:
        with reading(url_of(base, "jane") + "&last_event_id=0&package=kernel&package=zlib") as (_, file):
            assert summary(file) == "kernel was built"
            backend.deliver(to("jane", "bash was pushed", {"packages": frozenset({"bash"})}))
            backend.deliver(to("jane", "zlib was built", {"packages": frozenset({"zlib"})}))
            assert summary(file) == "zlib was built"
        with reading(url_of(base, "jane") + "&pakage=kernel") as (status, file):
            assert status == 400
            assert b"no parameter is named 'pakage': there are app, package" in file.read()


def test_silence_is_broken_by_signs_of_life_that_say_how_far_we_are(configured, backend, url_of, to):
    with serving(configured(heartbeat=0.05)) as base, reading(url_of(base, "jane")) as (_, file):
        began = position(file)
        backend.deliver(to("joe", "for another"))
        later = next(fields["id"] for fields in blocks(file) if fields.get("id", began) != began)
    backend.deliver(to("jane", "missed"))
    with serving(configured()) as base, reading(url_of(base, "jane"), Last_Event_ID=later) as (_, file):
        assert summary(file) == "missed"


@contextmanager
def takes_nothing(url):
    """Open a stream, and take no more than its first bytes."""
    parts = urlsplit(url)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(20)
        slow.connect((parts.hostname, parts.port))
        slow.sendall(f"GET {parts.path}?{parts.query} HTTP/1.0\r\n\r\n".encode())
        assert slow.recv(10)
        yield slow


def was_cut(slow):
    """Take what the system holds of a stream that was cut, and tell whether that is less than all."""
    with slow.makefile("rb") as file:
        return sum("data" in fields for fields in blocks(file)) < 200


def test_a_client_that_takes_nothing_is_dropped_and_others_go_on(configured, backend, url_of, to, free_port):
    settings = configured(buffer=10_000, monitoring=f"127.0.0.1:{free_port}")
    with (
        serving(settings) as base,
        reading(url_of(base, "jane")) as (_, quick),
        takes_nothing(url_of(base, "jane")) as slow,
    ):
        position(quick)
        for number in range(200):
            backend.deliver(to("jane", f"{number}" + "x" * 100_000))
            assert summary(quick).startswith(f"{number}x")
        assert figures(free_port)['ended_total{reason="slow"}'] == 1
        assert was_cut(slow)


def test_a_client_that_takes_nothing_of_what_it_missed_is_dropped(configured, backend, url_of, to, free_port):
    for number in range(200):
        backend.deliver(to("jane", f"{number}" + "x" * 100_000))
    settings = configured(patience=0.1, monitoring=f"127.0.0.1:{free_port}")
    with serving(settings) as base, takes_nothing(url_of(base, "jane") + "&last_event_id=0") as slow:
        eventually(lambda: figures(free_port).get('ended_total{reason="slow"}') == 1)
        assert was_cut(slow)


def test_a_client_that_takes_nothing_between_signs_of_life_is_dropped(configured, backend, url_of, to, free_port):
    settings = configured(heartbeat=0.1, buffer=100_000_000, monitoring=f"127.0.0.1:{free_port}")
    with serving(settings) as base, takes_nothing(url_of(base, "jane")) as slow:
        for number in range(200):
            backend.deliver(to("jane", f"{number}" + "x" * 100_000))
        eventually(lambda: figures(free_port).get('ended_total{reason="slow"}') == 1)
        assert was_cut(slow)


def test_streams_end_with_the_server(settings, url_of):
    with ExitStack() as server:
        base = server.enter_context(serving(settings))
        with reading(url_of(base, "jane")) as (_, file):
            position(file)
            server.close()
            assert file.read() == b""


def test_port_that_is_taken_is_told(configured):
    with serving(configured()) as base:
        port = urlsplit(base).port
        with pytest.raises(FmnError, match=f"cannot listen on 127.0.0.1:{port}"), serving(configured(port=port)):
            pass


def test_carrier_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "events.sqlite").mkdir()
    settings = Settings(data_dir=tmp_path, plugin={"sse": {"port": 0, "secret": "x"}})
    with pytest.raises(FmnError, match="event log"), serving(settings):
        pass


def test_two_servers_serve_one_user(configured, settings, backend, to):
    """As on two machines: the secret is configured, and the carrier is all they share."""
    one, other = configured(secret="shared"), configured(secret="shared")
    with serving(one) as first, serving(other) as second, opened_keys(one) as keys:
        assert first != second
        with reading(keys.url(first, "jane")) as (_, here), reading(keys.url(second, "jane")) as (_, there):
            position(here), position(there)
            backend.deliver(to("jane", "everywhere"))
            assert summary(here) == summary(there) == "everywhere"
