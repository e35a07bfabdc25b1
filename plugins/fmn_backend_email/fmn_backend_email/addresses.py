"""Mail addresses: which can be one, and their one form."""

from __future__ import annotations

import re
from email.utils import getaddresses

from fmn_core import UsageError, one_line

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
#: what stands around the address in ``Name <address>``; quotes and other specials of RFC 5322 are not for us
_NAME = re.compile(r'[^"(),:;<>@\[\\\]]*')
#: RFC 5321, section 4.5.3.1
_LONGEST_LOCAL, _LONGEST = 64, 254


def canonical(address: str) -> str:
    """Return an address as it is stored and written into mails: domain in lower case, and in ASCII.

    :raises UsageError: if it cannot be a mail address
    """
    local, at, domain = address.strip().rpartition("@")
    domain = _in_ascii(domain).lower()
    plain = f"{local}@{domain}"
    if not (at and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)):
        raise UsageError(f"{address!r} is no mail address; expected something like name@example.org")
    if len(local) > _LONGEST_LOCAL or len(plain) > _LONGEST:
        raise UsageError(f"mail address {plain!r} is longer than mail servers take")
    return plain


def _in_ascii(domain: str) -> str:
    if domain.isascii():  # most are, and the codec takes 20 microseconds to find out
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def sender(value: str) -> str:
    """Return ``address`` or ``Name <address>`` with the address in its canonical form.

    :raises ValueError: if it is neither
    """
    (name, address), *more = getaddresses([value]) or [("", "")]
    if more or not _NAME.fullmatch(name) or one_line(value) != value.strip():
        raise ValueError("expected an address, or a plain name and an <address>")
    try:
        address = canonical(address)
    except UsageError as error:
        raise ValueError(str(error)) from None
    return f"{name} <{address}>" if name else address
