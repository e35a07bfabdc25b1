"""Messages from files of every kind, the broken ones too."""

import gzip
import io
import json
import sys
from types import SimpleNamespace

import pytest

from fmn_core.errors import DecodeError, UsageError
from fmn_core.messages import read_messages

GOOD = {"id": "1", "topic": "org.fedoraproject.prod.koji.x", "headers": {}, "body": {"n": 1}}


def read(tmp_path, content: bytes):
    path = tmp_path / "messages.json"
    path.write_bytes(content)
    return [(place, str(m) if isinstance(m, DecodeError) else m.id) for place, m in read_messages(path)]


def lines(*messages) -> bytes:
    return b"".join(json.dumps(m).encode() + b"\n" for m in messages)


def test_json_lines(tmp_path):
    assert read(tmp_path, lines(GOOD, {**GOOD, "id": "2"})) == [("line 1", "1"), ("line 2", "2")]


def test_one_object_over_several_lines(tmp_path):
    assert read(tmp_path, json.dumps(GOOD, indent=2).encode()) == [("line 1", "1")]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_names_its_elements(tmp_path, indent):
    content = json.dumps([GOOD, None, {**GOOD, "id": "2"}], indent=indent).encode()
    broken = ("element 2", "message is null, expected an object")
    assert read(tmp_path, content) == [("element 1", "1"), broken, ("element 3", "2")]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"not json", "not JSON"),
        (b"{", "not JSON"),
        (b"17", "message is a number, expected an object"),
        (b'{"id": "2", "body": {}}', "message has no topic"),
        (b'{"id": "2", "topic": "a.b.c.d", "body": null}', "body is null, expected an object"),
        (b'{"id": "2", "topic": "a.b.c.d", "body": {"n": NaN}}', "NaN is no JSON number"),
        (b'{"id": "2", "topic": "a.b.c.d", "body": {"n": "\xff"}}', "not JSON: no UTF-8 at byte 48"),
        (b'{"id": "2", "topic": "a.b.c.d", "body": {"n": "' + b"x" * 10_000_000 + b'"}}', "10,000,0"),
    ],
    ids=["text", "truncated", "number", "no-topic", "null-body", "nan", "not-utf-8", "10-mb"],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_broken_line_is_named_and_the_rest_is_read(tmp_path, broken, reason, place):
    content = lines(GOOD, GOOD).splitlines(keepends=True)
    content.insert(place, broken + b"\n")
    found = read(tmp_path, b"".join(content))
    assert [where for where, what in found if what == "1"] == [f"line {n}" for n in (1, 2, 3) if n != place + 1]
    assert reason in dict(found)[f"line {place + 1}"]


def test_blank_lines_are_counted_and_skipped(tmp_path):
    assert read(tmp_path, b"\n \r\n" + lines(GOOD)) == [("line 3", "1")]


def test_only_newlines_end_lines(tmp_path):
    text = json.dumps({**GOOD, "id": "a\u2028b\u0085c"}, ensure_ascii=False)
    assert read(tmp_path, text.encode() + b"\n") == [("line 1", "a\u2028b\u0085c")]


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path):
    assert read(tmp_path, b"\xef\xbb\xbf" + lines(GOOD)) == [("line 1", "1")]


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(lines(GOOD))))
    assert [message.id for _, message in read_messages("-")] == ["1"]


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_an_empty_file_is_a_usage_error(tmp_path, content):
    with pytest.raises(UsageError, match=r"^file '.*' is empty, expected messages$"):
        read(tmp_path, content)


@pytest.mark.parametrize(
    "content",
    [gzip.compress(lines(GOOD)), b"\x89PNG\r\n\x1a\n\0\0", lines(GOOD).decode().encode("utf-16"), bytes(range(256))],
    ids=["gzip", "png", "utf-16", "bytes"],
)
def test_a_file_that_is_no_text_is_one_usage_error(tmp_path, content):
    with pytest.raises(UsageError, match=r"^file '.*' is no UTF-8 text, expected JSON; if it is compressed, "):
        read(tmp_path, content)


def test_standard_input_that_is_closed_is_a_usage_error(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UsageError, match=r"^standard input is closed, expected messages$"):
        list(read_messages("-"))


def test_a_missing_file_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match=r"cannot be read: No such file or directory$"):
        list(read_messages(tmp_path / "nowhere"))


def test_a_folder_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match=r"cannot be read: Is a directory$"):
        list(read_messages(tmp_path))
