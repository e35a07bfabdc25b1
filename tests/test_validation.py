"""Our verdict on messages is that of the library, on recorded ones and on ones bent in every way."""

from __future__ import annotations

import copy
import json
import logging
import os
import random
import subprocess
import sys
import types
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import fedora_messaging.exceptions
import pika
import pytest
from fedora_messaging.message import Message as LibraryMessage
from fedora_messaging.message import get_message
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fmn_core.bench.koji import build
from fmn_core.codec import message_from
from fmn_core.schemas import GROUP, SCHEMA_HEADER, installed_schemas
from fmn_core.validation import Validator
from fmn_core.wire import Delivered, decode_delivered

CORPUS = Path(os.environ.get("FMN_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
KOJI = "koji_fedoramessaging.build.BuildStateChangeV1"

#: of each schema class a body that fits it
SAMPLES: dict[str, dict[str, Any]] = {
    KOJI: build(3, random.Random(1)),
    "koji_fedoramessaging.repo.InitV1": {"instance": "primary", "repo_id": 5, "tag": "f44-build", "tag_id": 7},
    "koji_fedoramessaging.package.ListChangeV1": {
        "instance": "primary", "action": "add", "package": "bell", "tag": "f44", "owner": "ava", "block": None,
        "extra_arches": None, "force": None, "update": None,
    },
    "anitya.project.add": {
        "distro": None, "message": {"agent": "ava", "project": "bell"},
        "project": {
            "backend": "PyPI", "created_on": 1539488840.0, "ecosystem": "pypi", "id": 1, "name": "bell", "regex": None,
            "homepage": "https://bell.example.org/", "updated_on": 1539488840.0, "version": None, "version_url": None,
            "versions": [],
        },
    },
    "base.message": {"any": ["thing"]},
}  # fmt: skip

VALIDATOR = Validator()


def library_takes(topic: str, headers: dict[str, Any], body: Any) -> bool:
    properties = pika.BasicProperties(headers=copy.deepcopy(headers), content_encoding="utf-8", message_id="m1")
    try:
        get_message(topic, properties, json.dumps(body).encode())
    except fedora_messaging.exceptions.ValidationError:
        return False
    return True


def we_take(topic: str, headers: dict[str, Any], body: Any) -> bool:
    delivered = Delivered(1, topic, json.dumps(body).encode(), "m1", headers, "utf-8")
    return VALIDATOR.reason(decode_delivered(delivered)) is None


def headers_of(schema: str) -> dict[str, Any]:
    return {SCHEMA_HEADER: schema, "fedora_messaging_severity": 20, "sent-at": "2026-01-01T00:00:00+00:00"}


@pytest.mark.parametrize("schema", SAMPLES)
def test_what_fits_passes(schema: str) -> None:
    assert library_takes("a.b", headers_of(schema), SAMPLES[schema])
    assert (
        VALIDATOR.reason(message_from({"topic": "a", "headers": headers_of(schema), "body": SAMPLES[schema]})) is None
    )


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([1.0, 20.0, 2**70, -1, 0, "", "f44", "\ud800", "2026-01-01", [], {}, [{}], {"id": "x"}])
)  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in a body: what holds it, and under which key or index."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, one in inner for place in [(value, key), *places(one)]]


@st.composite
def bent(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return headers and a body that fit, but for up to three places that are changed or missing."""
    schema = draw(st.sampled_from(sorted(SAMPLES)))
    both = {"headers": headers_of(schema), "body": copy.deepcopy(SAMPLES[schema])}
    for _ in range(draw(st.integers(1, 3))):
        found = [place for part in both.values() for place in places(part)]
        if not found:
            break
        holder, key = found[draw(st.integers(0, len(found) - 1))]
        if draw(st.booleans()):
            holder[key] = copy.deepcopy(draw(VALUES))  # one that is drawn again is the same object
        else:
            del holder[key]
    # a name of a class that is no text ends the library's consumer, if it cannot be a key of a dict
    if isinstance(both["headers"].get(SCHEMA_HEADER), list | dict):
        both["headers"][SCHEMA_HEADER] = 5
    return both["headers"], both["body"]


@pytest.fixture(autouse=True, scope="module")
def quiet_library() -> Iterator[None]:
    """Let the library not log what it refuses: half a character in it is more than pytest-xdist can pass on."""
    logger = logging.getLogger("fedora_messaging")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(level)


@given(bent())
@example(({SCHEMA_HEADER: "\ud800"}, {}))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_is_bent_is_taken_or_refused_as_by_the_library(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    headers, body = both
    assert we_take("a.b", headers, body) == library_takes("a.b", headers, body)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_recorded_messages_are_taken_or_refused_as_by_the_library() -> None:
    path = CORPUS / "messages.jsonl"
    if not path.is_file():
        pytest.skip(f"no corpus at {CORPUS}: set FMN_CORPUS")
    installed = {entry.name for entry in installed_schemas()}
    messages = [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
    named = [one for one in messages if "headers" in one and one["headers"].get(SCHEMA_HEADER) in installed]
    assert named
    for one in named:
        given_ = (one["topic"], one["headers"], one["body"])
        assert we_take(*given_) == library_takes(*given_), one["id"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"build_id": "x"}, f"body.build_id does not fit schema '{KOJI}': \"x\" is not of types "),
        ({"task": {"id": 1}}, f"body.task does not fit schema '{KOJI}': "),
        ({"name": ["x" * 5000]}, f"body.name does not fit schema '{KOJI}': [\"xxxx"),
    ],
)
def test_the_reason_says_where_and_what_and_is_short(body: dict[str, Any], reason: str) -> None:
    message = message_from({"topic": "a", "headers": headers_of(KOJI), "body": SAMPLES[KOJI] | body})
    found = VALIDATOR.reason(message)
    assert found is not None
    assert found.startswith(reason)
    assert len(found) < 350


def test_the_path_leads_into_lists() -> None:
    body = copy.deepcopy(SAMPLES[KOJI])
    body["task"] = {
        "id": 1,
        "method": "build",
        "host_id": 1,
        "arch": "x",
        "result": None,
        "children": [None, {"id": "x"}],
    }
    found = VALIDATOR.reason(message_from({"topic": "a", "headers": headers_of(KOJI), "body": body}))
    assert found is not None
    assert found.startswith("body.task.children[1]")


# Classes that cannot be used.


def validator_of(**classes: Any) -> Validator:
    """Return a validator to which these classes are installed, beside the plain one."""
    module = types.ModuleType("schemas_to_validate")
    for name, members in classes.items():
        setattr(module, name, type(name, (LibraryMessage,), members) if isinstance(members, dict) else members)
    sys.modules[module.__name__] = module
    entries = [EntryPoint(name, f"{module.__name__}:{name}", GROUP) for name in classes]
    plain = EntryPoint("base.message", "fedora_messaging.message:Message", GROUP)
    return Validator(lambda: [*entries, plain])


def message(schema: str, body: dict[str, Any] | None = None) -> Any:
    return message_from({"topic": "a", "headers": headers_of(schema), "body": body or {}})


UNUSABLE = {
    "a type that is none": {"type": "nonsense"},
    "a pattern that is none": {"properties": {"k": {"pattern": "(a"}}},
    "a reference to elsewhere": {"$ref": "http://localhost:1/x.json"},
    "no schema": 5,
    "nothing": None,
    "a property": property(lambda self: {"type": "object"}),
}


@pytest.mark.parametrize("schema", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_schema_that_cannot_be_used_is_one_warning_and_its_messages_pass(schema: Any, caplog: Any) -> None:
    validator = validator_of(Odd={"body_schema": schema}, Sound={"body_schema": {"required": ["k"]}})
    for _ in range(3):
        assert validator.reason(message("Odd")) is None
    assert caplog.text.count("the schema of the body of 'Odd' cannot be used") == 1
    assert validator.reason(message("Sound")) is not None
    odd = message_from({"topic": "a", "headers": headers_of("Odd") | {"fedora_messaging_severity": 1}, "body": {}})
    assert validator.reason(odd) is not None


def test_a_schema_that_only_the_slow_engine_takes_is_used_all_the_same() -> None:
    of_another_time = {"$schema": "http://example.org/own", "properties": {"k": {"type": "integer"}}}
    named_group = {"properties": {"k": {"pattern": "^(?P<x>a)(?P=x)$"}}}
    validator = validator_of(Own={"body_schema": of_another_time}, Named={"body_schema": named_group})
    for schema, good, bad in [("Own", 1, "x"), ("Named", "aa", "ab")]:
        assert validator.reason(message(schema, {"k": good})) is None
        assert (validator.reason(message(schema, {"k": bad})) or "").startswith("body.k does not fit")


def test_formats_are_no_reason_as_they_are_none_to_the_library() -> None:
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"k": {"format": "date-time"}}}
    assert validator_of(Dated={"body_schema": schema}).reason(message("Dated", {"k": "yesterday"})) is None


def test_a_package_that_does_not_import_costs_its_own_messages_their_check_alone(tmp_path, monkeypatch, caplog) -> None:
    (tmp_path / "schema_that_exits.py").write_text("raise SystemExit(1)")
    monkeypatch.syspath_prepend(tmp_path)
    broken = EntryPoint("Broken", "schema_that_exits:Message", GROUP)
    validator = Validator(lambda: [broken, *installed_schemas()])
    for _ in range(2):
        assert validator.reason(message("Broken")) is None
        assert validator.reason(message(KOJI)) is not None
    assert caplog.text.count("schema 'Broken'") == 1


def test_without_the_library_nothing_is_checked() -> None:
    assert Validator(list).reason(message(KOJI)) is None


def test_checking_imports_no_twisted() -> None:
    program = """
import sys
from fmn_core.codec import message_from
from fmn_core.validation import Validator
assert not any(name.startswith(("fedora_messaging", "jsonschema")) for name in sys.modules)
headers = {"fedora_messaging_schema": "koji_fedoramessaging.build.BuildStateChangeV1"}
assert Validator().reason(message_from({"topic": "a", "headers": headers, "body": {}}))
assert "twisted" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
