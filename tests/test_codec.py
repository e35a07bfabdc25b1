"""Bytes of any age become messages, or the reason why not; what we write, we read."""

import dataclasses
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmn_core import DropDelivery, FmnError, Severity
from fmn_core.codec import (
    MAX_MESSAGE_BYTES,
    decode_message,
    decode_notification,
    dumps,
    encode_message,
    encode_notification,
    loads,
)
from fmn_core.errors import DecodeError
from fmn_core.testing import message, notification

TOPIC = "org.fedoraproject.prod.oven.loaf.baked"
FEDMSG = {"msg_id": "2016-abc", "topic": TOPIC, "timestamp": 1451606400, "username": "apache", "msg": {"kind": "rye"}}
PLAIN = {
    "id": "abc",
    "topic": TOPIC,
    "headers": {"sent-at": "2016-01-01T01:00:00+01:00", "fedora_messaging_severity": 30},
    "body": {"kind": "rye"},
}
NEW_YEAR = datetime(2016, 1, 1, tzinfo=UTC)

texts = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)


def decode(raw) -> object:
    return decode_message(json.dumps(raw))


def refusal(data) -> str:
    with pytest.raises(DecodeError) as caught:
        decode_message(data)
    return str(caught.value)


def test_the_form_of_fedora_messaging():
    read = decode(PLAIN)
    assert (read.id, read.topic, read.body, read.sent_at) == ("abc", TOPIC, {"kind": "rye"}, NEW_YEAR)
    assert read.severity == Severity.WARNING


@pytest.mark.parametrize("raw", [FEDMSG, {"topic": TOPIC, "body": FEDMSG}], ids=["bare", "wrapped"])
def test_the_forms_of_fedmsg(raw):
    read = decode(raw)
    assert (read.id, read.topic, read.body, read.sent_at) == ("2016-abc", TOPIC, {"kind": "rye"}, NEW_YEAR)
    assert read.headers == {"username": "apache"}


def test_headers_that_an_archive_kept_beside_the_old_form_count():
    kept = {"sent-at": "yesterday", "fedora_messaging_severity": 30, "fedora_messaging_schema": "oven.loaf"}
    read = decode({**FEDMSG, "headers": kept, "username": None})
    assert (read.severity, read.sent_at) == (Severity.WARNING, NEW_YEAR)
    assert read.headers == {"fedora_messaging_severity": 30, "fedora_messaging_schema": "oven.loaf"}
    assert decode_message(encode_message(read)).severity == Severity.WARNING
    assert decode({"topic": TOPIC, "msg": {}, "headers": PLAIN["headers"]}).sent_at == NEW_YEAR


@pytest.mark.parametrize("kept", [None, [], "x", {"fedora_messaging_severity": "high", "sent-at": []}])
def test_odd_headers_beside_the_old_form_do_no_harm(kept):
    read = decode({**FEDMSG, "headers": kept})
    assert (read.severity, read.sent_at, read.headers["username"]) == (Severity.INFO, NEW_YEAR, "apache")


def test_a_body_that_merely_has_a_key_msg_is_no_envelope():
    assert decode({**PLAIN, "body": {"msg": "hello"}}).body == {"msg": "hello"}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (17, "message is a number, expected an object"),
        (None, "message is null, expected an object"),
        ({"body": {}}, "message has no topic"),
        ({"topic": "", "body": {}}, "topic is empty text, expected text"),
        ({"topic": "  ", "body": {}}, "topic is empty text, expected text"),
        ({"topic": 5, "body": {}}, "topic is a number, expected text"),
        ({"topic": TOPIC}, "message has no body"),
        ({"topic": TOPIC, "body": None}, "body is null, expected an object"),
        ({"topic": TOPIC, "body": []}, "body is a list, expected an object"),
        ({"topic": TOPIC, "msg": "text"}, "body is text, expected an object"),
        ({**PLAIN, "headers": "none"}, "headers are text, expected an object"),
        ({**PLAIN, "id": 5}, "id is a number, expected text"),
    ],
)
def test_odd_messages_are_refused_with_their_reason(raw, reason):
    assert refusal(json.dumps(raw)) == reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "expecting value at character 1"),
        (b"{", "expecting property name enclosed in double quotes at character 2"),
        (b'"\xff"', "no UTF-8 at byte 2"),
        (b'{"n": NaN}', "NaN is no JSON number"),
        (b'{"n": -Infinity}', "-Infinity is no JSON number"),
        (b'{"n": 1e999}', "1e999 is too large a number"),
        (b"9" * 5000, "a number has too many digits"),
        (b"[" * 100_000, "nested too deep"),
    ],
)
def test_what_is_no_json_is_refused_in_words(data, reason):
    assert refusal(data) == f"not JSON: {reason}"


def test_a_message_that_is_too_large_is_refused_unread():
    assert refusal(b"x" * (MAX_MESSAGE_BYTES + 1)) == "message has 4,194,305 bytes, more than 4,194,304"


def test_a_missing_id_is_the_same_at_every_replay():
    raw = {key: value for key, value in PLAIN.items() if key != "id"}
    assert decode(raw).id == decode(dict(reversed(raw.items()))).id
    assert decode(raw).id != decode({**raw, "body": {"kind": "wheat"}}).id


@pytest.mark.parametrize("headers", [{"sent-at": "yesterday"}, {"sent-at": 1e300}, {"fedora_messaging_severity": 17}])
def test_odd_headers_cost_only_themselves(headers):
    read = decode({**PLAIN, "headers": headers})
    assert (read.sent_at, read.severity) == (None, Severity.INFO)


@given(st.dictionaries(texts, values, max_size=4))
def test_messages_come_back_as_they_went(body):
    sent = message(TOPIC, body)
    read = decode_message(encode_message(sent))
    assert dataclasses.replace(read, headers={}) == dataclasses.replace(sent, headers={})


@given(values)
def test_json_comes_back_as_it_went(value):
    assert loads(dumps(value)) == value


@pytest.mark.parametrize("value", [2**64, -(2**70), "\ud800", {"a": [2**100]}])
def test_what_the_fast_parser_cannot_is_exact_too(value):
    assert loads(dumps(value)) == value


@given(summary=texts, address=texts, packages=st.frozensets(texts, max_size=3))
def test_notifications_come_back_as_they_went(summary, address, packages):
    sent = notification({"summary": summary, "packages": packages}, destination=address, oneshot=True)
    assert decode_notification(encode_notification(sent)) == sent


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{}", "not a notification of version 1"),
        (b'{"v": 2}', "not a notification of version 1"),
        (b"[]", "not a notification of version 1"),
        (b'{"v": 1, "id": "x"}', "not a notification: 10 fields are wrong"),
    ],
)
def test_what_is_no_notification(data, reason):
    with pytest.raises(DecodeError) as caught:
        decode_notification(data)
    assert str(caught.value) == reason


def test_a_refusal_is_an_expected_failure():
    assert issubclass(DecodeError, FmnError)
    assert issubclass(DropDelivery, FmnError)
