"""Bytes of a mail. Written by hand, because the email package takes milliseconds where these lines take microseconds.

Headers are safe whatever text they hold: one line, in ASCII, nothing in it that a reader decodes to more than text.
"""

from __future__ import annotations

import binascii
import re
import secrets
from base64 import b64encode, encodebytes
from collections.abc import Iterable

from fmn_core import one_line

#: characters of a header; mail servers refuse or cut far longer ones
LONGEST_HEADER = 900
#: characters of a line that needs no encoding: RFC 5322, section 2.1.1
LONGEST_LINE = 998
#: characters that a line of headers should have at most: RFC 5322, section 2.1.1
_WIDTH = 78
#: bytes of text in one encoded word, so that it stays within 75 characters: RFC 2047, section 2
_WORD = 42

#: words of a header that need no care
_SAFE = re.compile("[!-<>-~]+( [!-<>-~]+)*")


def mail_bytes(headers: Iterable[str], text: str, html: str) -> bytes:
    """Write a mail in two forms, of which a mail program shows the one it prefers.

    :param headers: from :func:`header`
    """
    boundary = f"=_{secrets.token_hex(16)}"  # nobody who writes the text can know it
    head = [
        *headers,
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
    ]
    mark = f"\r\n--{boundary}"
    return b"".join(
        [
            "\r\n".join(filter(None, head)).encode("ascii"),
            f"\r\n{mark}\r\n".encode("ascii"),
            _part("plain", text),
            f"{mark}\r\n".encode("ascii"),
            _part("html", html),
            f"{mark}--\r\n".encode("ascii"),
        ]
    )


def _part(subtype: str, text: str) -> bytes:
    raw = text.replace("\r", "").encode("utf-8", "replace")
    encoding, body = "7bit", raw.replace(b"\n", b"\r\n")
    if not raw.isascii() or max(map(len, raw.split(b"\n"))) > LONGEST_LINE:
        encoding, body = _encoded(body)
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode("ascii") + body


def _encoded(body: bytes) -> tuple[str, bytes]:
    """Return the shorter of two encodings; the first can be read as it is, where most of it is ASCII."""
    readable = binascii.b2a_qp(body, istext=True)
    if len(readable) < len(body) * 4 // 3:
        return "quoted-printable", readable
    return "base64", encodebytes(body).replace(b"\n", b"\r\n")


def header(name: str, value: str) -> str:
    """Write a header, folded, without the last line end; nothing if there is no value.

    Readers decode ``=?…?=``, line ends included, and some write on what they read: no text may hold that mark.
    """
    whole = f"{name}: {value}"
    if value and len(whole) <= _WIDTH and _SAFE.fullmatch(value):  # most are
        return whole
    value = one_line(value.replace("=?", "= ?"))[:LONGEST_HEADER].rstrip()
    if not value:
        return ""
    if not value.isascii():
        return f"{name}: {_encoded_words(value)}"
    whole = f"{name}: {value}"
    return whole if len(whole) <= _WIDTH else _folded(whole)


def _folded(whole: str) -> str:
    """Break before words, so that unfolding gives back what was there; never right behind the name."""
    name, first, *words = whole.split(" ")
    lines = [f"{name} {first}"]
    for word in words:
        if len(lines[-1]) + len(word) < _WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return "\r\n".join(lines)


def _encoded_words(value: str) -> str:
    words = [b""]
    for character in value:
        raw = character.encode("utf-8", "replace")
        if len(words[-1]) + len(raw) > _WORD:
            words.append(b"")
        words[-1] += raw
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode('ascii')}?=" for word in words)
