"""What a broker delivers, read as the library reads it."""

import contextlib
import datetime
import decimal
import json

import pika
import pytest
from fedora_messaging.message import get_message
from hypothesis import given
from hypothesis import strategies as st

from fmn_core.codec import decode_message, encode_message
from fmn_core.errors import DecodeError
from fmn_core.wire import DEEPEST, Delivered, as_read, decode_delivered, plain

SEVERE = {"fedora_messaging_schema": "base.message", "fedora_messaging_severity": 30}


def delivered(body, **more):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Delivered(**{"tag": 1, "topic": "org.example.prod.a.b", "body": raw, "message_id": "m1", **more})


def test_all_parts_find_their_place():
    headers = SEVERE | {"sent-at": "2026-01-02T03:04:05+00:00"}
    message = decode_delivered(delivered({"k": 1}, headers=headers))
    assert (message.id, message.topic, message.body, message.headers) == (
        "m1",
        "org.example.prod.a.b",
        {"k": 1},
        headers,
    )
    assert message.severity == 30
    assert message.sent_at == datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


@pytest.mark.parametrize("body", ["é", '{"k": "é €"}', "{}", '{"a": 1}'])
@pytest.mark.parametrize(
    "encoding", [None, "utf-8", "UTF8", "utf-16", "utf-32-be", "latin-1", "ascii", "zip", "nonsense", ""]
)
def test_bodies_in_every_encoding_are_read_as_by_the_library_or_refused(body, encoding):
    try:
        raw = body.encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        raw = body.encode()
    ours = theirs = None
    with contextlib.suppress(DecodeError):
        ours = decode_delivered(delivered(raw, content_encoding=encoding)).body
    properties = pika.BasicProperties(headers=dict(SEVERE), content_encoding=encoding, message_id="m1")
    with contextlib.suppress(Exception):  # of every kind, which ends its consumer where it is no ValidationError
        theirs = get_message("t", properties, raw).body
    if encoding == "":
        theirs = ours  # which the library takes for an unknown one
    assert ours == theirs


def test_what_another_consumer_takes_for_an_empty_object_is_one():
    assert [decode_delivered(delivered(body)).body for body in (b"null", b"[]", b'""', b"0", b"false")] == [{}] * 5


def test_without_an_id_it_gets_one_that_is_the_same_each_time():
    one, same, other = (decode_delivered(delivered({"k": k}, message_id=None)).id for k in (1, 1, 2))
    assert one == same != other


@pytest.mark.parametrize("name", ["punycode", "idna", "unicode_escape", "base64", "undefined", "utf-7", "x\0y"])
def test_encodings_that_blow_up_or_are_none_of_text_are_refused(name):
    with pytest.raises(DecodeError, match="is none of text that is known here"):
        decode_delivered(delivered({}, content_encoding=name))


ODD_VALUES = [
    b"\xff",
    bytearray(b"x"),
    decimal.Decimal("1.5"),
    decimal.Decimal("NaN"),
    datetime.datetime.now(datetime.UTC),
    float("inf"),
    2**70,
    {"a": [1, {"b": None}]},
    {b"\xff": 1},
    object(),
]


@pytest.mark.parametrize("value", ODD_VALUES, ids=lambda value: type(value).__name__)
def test_headers_of_every_type_become_json_and_survive_the_queue(value):
    message = decode_delivered(delivered({}, headers={"odd": value}))
    assert decode_message(encode_message(message)).headers["odd"] == message.headers["odd"]


def test_what_is_no_text_becomes_none_so_that_its_schema_can_tell():
    assert plain(b"\xff") == {"bytes": "ff"}
    assert plain(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)) == {"timestamp": "2026-01-01T00:00:00+00:00"}


def test_tables_in_tables_have_an_end():
    table = inner = {}
    for _ in range(100_000):
        inner["t"] = {}
        inner = inner["t"]
    assert json.dumps(plain(table)).count("{") == DEEPEST + 1


def test_a_reason_quotes_no_more_than_the_beginning_of_a_topic():
    with pytest.raises(DecodeError) as caught:
        decode_delivered(delivered(b"", topic="x" * 255))
    assert len(str(caught.value)) < 200


def test_what_cannot_be_read_is_written_down_whole():
    odd = delivered(b'{"value": NaN}', headers={"h": 1})
    written = as_read(odd)
    assert json.loads(written)["headers"] == {"h": 1}
    assert written.endswith(b'"body":{"value": NaN}}')
    sound = delivered({"k": 1}, headers=SEVERE)
    assert decode_message(as_read(sound)) == decode_delivered(sound)


@given(st.binary(max_size=60), st.none() | st.text(max_size=8), st.none() | st.dictionaries(st.text(), st.integers()))
def test_whatever_comes_is_read_or_refused_with_a_reason(body, encoding, headers):
    try:
        message = decode_delivered(Delivered(1, "a.b", body, None, headers, encoding))
    except DecodeError as error:
        reason = str(error)
    else:
        reason = "none"
        assert decode_message(encode_message(message)).body == message.body
    assert reason
