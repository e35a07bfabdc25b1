"""Koji's messages as they stand on the bus: a build's change of state, with the tree of its tasks. Floor F4."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from typing import Any

from fmn_core.wire import Delivered

TOPIC = "org.fedoraproject.prod.buildsys.build.state.change"
SCHEMA = "koji_fedoramessaging.build.BuildStateChangeV1"
ARCHES = ("aarch64", "ppc64le", "s390x", "x86_64")
#: one message in so many does not fit its schema
INVALID_EVERY = 1000


def koji_messages(count: int, rng: random.Random) -> Iterator[Delivered]:
    """Make messages of builds that began or ended, the same for the same chance; a few of them are invalid."""
    for number in range(count):
        body = build(number, rng)
        if number % INVALID_EVERY == INVALID_EVERY // 10:
            body["build_id"] = "none"
        yield delivered(TOPIC, SCHEMA, body, rng)


def delivered(topic: str, schema: str, body: dict[str, Any], rng: random.Random) -> Delivered:
    """Give a body what fedora-messaging sends along."""
    headers = {
        "fedora_messaging_schema": schema,
        "fedora_messaging_schema_package": "koji_fedoramessaging_messages",
        "fedora_messaging_severity": 20,
        "sent-at": "2026-01-01T12:00:00+00:00",
        "priority": 0,
    }
    key = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    return Delivered(0, topic, json.dumps(body).encode("ascii"), key, headers, "utf-8", "application/json")


def build(number: int, rng: random.Random) -> dict[str, Any]:
    """Make the body of one message: complete builds bring their tasks and what these made, as Koji's do."""
    name, task, new = f"package{rng.randrange(25_000)}", 130_000_000 + 10 * number, rng.choice((0, 1, 1, 3))
    source = f"git+https://src.example.org/rpms/{name}.git#{rng.getrandbits(160):040x}"
    return {
        "attribute": "state", "build_id": 2_000_000 + number, "name": name, "version": f"{rng.randrange(9)}.1",
        "release": "1.fc44", "epoch": None, "old": None if new == 0 else 0, "new": new, "instance": "primary",
        "owner": f"packager{rng.randrange(1500)}", "request": [source, "f44-candidate", {}], "task_id": task,
        "url": f"https://koji.example.org/koji/buildinfo?buildID={2_000_000 + number}",
        "creation_time": "2026-01-01T12:00:00+00:00",
        "completion_time": None if new == 0 else "2026-01-01T12:20:00+00:00",
        "task": _task(task, None, "build", "noarch", [source, "f44-candidate", {}], new, _children(task, name, new)),
    }  # fmt: skip


def _children(parent: int, name: str, new: int) -> list[dict[str, Any]]:
    if new == 0:
        return []
    srpm = f"tasks/{parent % 10_000}/{name}-1-1.fc44.src.rpm"
    made = [
        _task(parent + 2 + number, parent, "buildArch", arch, [srpm, "f44-build", arch, number == 0, {}], new, [])
        for number, arch in enumerate(ARCHES)
    ]
    return [_task(parent + 1, parent, "buildSRPMFromSCM", "noarch", [srpm, "f44-build", {}], new, []), *made]


def _task(
    number: int, parent: int | None, method: str, arch: str, request: list[Any], new: int, children: list[Any]
) -> dict[str, Any]:
    folder = f"tasks/{number % 10_000}/{number}"
    logs = [f"{folder}/{log}.log" for log in ("build", "root", "state", "mock_output", "hw_info")]
    rpms = [f"{folder}/part{part}-1-1.fc44.{arch}.rpm" for part in range(3)]
    result = {"brootid": 60_000_000 + number, "srpms": rpms[:1], "rpms": rpms, "logs": logs} if new == 1 else None
    return {
        "id": number, "parent": parent, "url": f"https://koji.example.org/koji/taskinfo?taskID={number}",
        "priority": 19, "method": method, "label": arch, "arch": arch, "channel_id": 1, "request": request,
        "result": result, "start_time": 1_767_268_800.5, "create_time": 1_767_268_790.25, "completion_time": None,
        "waiting": False, "awaited": False, "state": {0: 1, 1: 2, 3: 5}[new], "host_id": 101,
        "host_name": "buildvm-01.example.org", "owner": 5, "children": children,
    }  # fmt: skip
