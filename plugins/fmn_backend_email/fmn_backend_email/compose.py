"""A notification becomes a mail. Pure; whatever its fields hold, it adds no header and no recipient."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit

from fmn_core import DropDelivery, Notification, UsageError, filter_url, one_line

from .addresses import canonical

#: names of one kind in the headers; the rest is only counted
MOST_NAMES = 10
#: characters; longer details are replaced by where to find them
MOST_DETAILS = 500_000
#: characters of a header; mail servers refuse or cut far longer ones
LONGEST_HEADER = 900
#: characters of a line that needs no encoding: RFC 5322, section 2.1.1
LONGEST_LINE = 998

_NO_TOKEN = re.compile(r"[^A-Za-z0-9_.-]+")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")


def compose(notification: Notification, sender: str, prefix: str, base_url: str, now: float) -> EmailMessage:
    """Write the mail.

    :param sender: what stands in From
    :param prefix: stands before the subject
    :param base_url: where people reach the web pages
    :param now: seconds since the epoch
    :raises DropDelivery: if the destination is no mail address
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = _recipient(notification.destination)
    mail["Subject"] = _header(f"{prefix} {notification.facts.summary}")
    mail["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    for name, value in _headers(notification, parseaddr(sender)[1].rpartition("@")[2], base_url):
        mail[name] = _header(value)
    body = _body(notification, base_url)
    mail.set_content(body, cte="7bit" if _is_plain(body) else None)
    return mail


def _is_plain(body: str) -> bool:
    """Tell whether the text may travel as it is; the package would already encode a line of 79 characters."""
    return body.isascii() and all(len(line) <= LONGEST_LINE for line in body.split("\n"))


def _recipient(address: str) -> str:
    try:
        return canonical(address)
    except UsageError as error:
        raise DropDelivery(str(error)) from None


def _headers(notification: Notification, domain: str, base_url: str) -> Iterator[tuple[str, str]]:
    facts = notification.facts
    yield "Message-ID", f"<{_token(notification.id)}@{domain}>"
    if facts.thread:
        # no such mail was ever sent: all mails of a thread answer the same one, whichever of them came first
        root = (
            f"<thread-{hashlib.blake2b(facts.thread.encode('utf-8', 'replace'), digest_size=16).hexdigest()}@{domain}>"
        )
        yield "In-Reply-To", root
        yield "References", root
    yield "List-Id", f"<{_token(notification.filter_id)}.{_token(notification.user)}.{_host(base_url)}>"
    yield "Auto-Submitted", "auto-generated"
    yield "Precedence", "bulk"
    yield "X-FMN-Message-Id", notification.message_id
    yield "X-Fedmsg-Topic", notification.topic
    yield "X-Fedmsg-Category", facts.app
    yield from _names("X-Fedmsg-Username", facts.usernames)
    yield from _names("X-Fedmsg-Package", facts.packages)
    yield "X-Fedmsg-Num-Packages", str(len(facts.packages))


def _names(header: str, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in sorted(names)[:MOST_NAMES]:
        yield header, name


def _header(value: str) -> str:
    """Make text safe for a header.

    The email package decodes ``=?…?=`` in what it is given, line ends included, and writes them as they are: a way to
    add headers that has to be closed here.
    """
    return one_line(value.replace("=?", "= ?"))[:LONGEST_HEADER]


def _token(value: str) -> str:
    return _NO_TOKEN.sub("-", value).strip(".-") or "none"


def _host(url: str) -> str:
    return _token(urlsplit(url).hostname or "localhost")


def _body(notification: Notification, base_url: str) -> str:
    facts = notification.facts
    parts = [_text(_words(notification))]
    if facts.url:
        parts.append(f"\t{one_line(facts.url)}")
    return "\n".join([*parts, "", "-- ", *_footer(notification, base_url), ""])


def _words(notification: Notification) -> str:
    facts = notification.facts
    if not facts.details or not notification.presentation.get("verbose", True):
        return facts.summary
    if len(facts.details) > MOST_DETAILS:
        return f"{facts.summary}\n\n(The details are too long for a mail: {len(facts.details):,} characters.)"
    return facts.details


def _text(value: str) -> str:
    return _CONTROL.sub(" ", _LINE_END.sub("\n", value)).rstrip()


def _footer(notification: Notification, base_url: str) -> Iterator[str]:
    if notification.presentation.get("triggered_by_links", True):
        yield f'You get this because your filter "{one_line(notification.filter_name)}" matched:'
        yield filter_url(base_url, notification)
    yield f"Message {one_line(notification.message_id)} of {one_line(notification.topic)}"
