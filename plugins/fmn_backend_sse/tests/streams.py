"""Reading streams in tests, as curl and as programs do."""

from __future__ import annotations

import json
import socket
import time
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import urlopen


@contextmanager
def reading(url, version="1.0", **headers):
    """Read a stream as curl does: HTTP/1.0 over a socket, so that what comes is the stream as it is."""
    parts = urlsplit(url)
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as client, client.makefile("rb") as file:
        client.sendall(f"GET {parts.path}?{parts.query} HTTP/{version}\r\nHost: x\r\n{lines}\r\n".encode())
        status = file.readline()
        for line in file:
            if line == b"\r\n":
                break
        yield int(status.split()[1]), file


def blocks(file):
    """Read a stream block by block: fields up to an empty line."""
    fields = {}
    for raw in file:
        line = raw.decode().rstrip("\n")
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        else:
            yield fields
            fields = {}


def event(file):
    """Return the fields of the next event."""
    return next(fields for fields in blocks(file) if "data" in fields)


def summary(file):
    """Return what the next event says."""
    return json.loads(event(file)["data"])["summary"]


def position(file):
    """Return where a stream begins, as the client is told."""
    return next(fields["id"] for fields in blocks(file) if "id" in fields)


def figures(port):
    """Return what a server counts: name with label -> number."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        lines = answer.read().decode().splitlines()
    rows = (line.removeprefix("fmn_sse_").rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(number) for name, _, number in rows}


def eventually(condition, patience=30.0):
    """Wait until something holds."""
    until = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < until, "it never held"
        time.sleep(0.01)
