"""What a "no" of the mail server means: for whom it holds, and whether another try may help. Pure."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from fmn_core import AddressRefused, BackendAway, DropDelivery, RetryDelivery

#: in place of a reply: the connection broke, or the server was silent for too long
LOST = 0
#: the server ends the session
CLOSING = 421

#: bad sequence, login or encryption wanted, login refused: the session as a whole, whatever was asked for
_OF_THE_SESSION = frozenset({503, 530, 534, 535, 538})
#: RFC 3463: the address of the sender, where x.1.x is about addresses
_OF_THE_SENDER = frozenset({"1.7", "1.8"})
#: replies to RCPT without an enhanced code that complain of the address: syntax, no such mailbox, moved, none allowed,
#: takes no mail (RFC 7504)
_OF_THE_ADDRESS = frozenset({501, 550, 551, 553, 556})
#: words by which servers without enhanced codes say that they would refuse others too
_POLICY = re.compile(r"relay|polic|spam|black|block|list|authenti|reputation|rate|helo|spf|dkim|dmarc", re.IGNORECASE)

_ENHANCED = re.compile(r"\s*[245]\.(\d{1,3}\.\d{1,3})(?!\S)")


class Step(enum.StrEnum):
    """What a server is answering to."""

    SESSION = "session"
    SENDER = "sender"
    RECIPIENT = "recipient"
    MAIL = "mail"


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - an answer, like Nack and Drop of the bus
    """The server said no, or nothing.

    :param code: of SMTP, or :data:`LOST`
    :param words: of the server, or what happened
    """

    step: Step
    code: int
    words: str

    @property
    def over(self) -> bool:
        """Whether the session has ended with it."""
        return not 400 <= self.code < 600 or self.code == CLOSING or self.code in _OF_THE_SESSION

    @property
    def harmless(self) -> bool:
        """Whether it is certain that the server has not taken the mail."""
        return not (self.step is Step.MAIL and self.code == LOST)


def verdict(server: str, refusal: Refusal, recipient: str = "") -> RetryDelivery | DropDelivery:
    """Return what delivery has to know.

    =====================================  ==================================================================
    the server                             is
    =====================================  ==================================================================
    breaks off, is silent, greets with     away: nothing can be delivered to anybody now
    a no, refuses login or TLS, says 421,
    530, 534, 535, 538 or 503 to anything
    refuses the sender (MAIL)              away; but with x.3.4 or 552 the mail is too big: dropped
    4xx to recipient or mail               this one waits and is tried again
    5xx to recipient or mail with x.1.x,   refusing the address: it is suspended. Not with x.1.7 and x.1.8,
    x.2.0 or x.2.1                         which are about the sender: away
    5xx with x.2.2; 552 to the recipient   saying that the mailbox is full: tried again
    other 5xx with x.y.z to the recipient  for another reason than the address (x.7.x is policy, x.4.x the
                                           network, x.3.x the system): tried again, and after long given up
    501, 550, 551, 553, 556 to the         refusing the address: it is suspended; but if the words speak of
    recipient without x.y.z                relaying, policy, lists and the like: tried again
    other 5xx to the recipient             as with another reason than the address
    other 5xx to the mail                  refusing what it says, or its size: dropped
    =====================================  ==================================================================

    That the connection is lost while the mail is on its way is judged by whoever can ask the server again.

    :param server: as people know it
    """
    reason = f"{server} {_act(refusal.step, recipient)}: {refusal.code or ''} {refusal.words}".replace(":  ", ": ")
    enhanced = found[1] if (found := _ENHANCED.match(refusal.words)) else ""
    return _judged(refusal, enhanced)(reason)


def _act(step: Step, recipient: str) -> str:
    words = {
        Step.SESSION: "cannot be reached, or refuses us",
        Step.SENDER: "refuses our sender",
        Step.RECIPIENT: f"refuses {recipient!r}",
        Step.MAIL: "refuses the mail",
    }
    return words[step]


def _judged(refusal: Refusal, enhanced: str) -> type[RetryDelivery] | type[DropDelivery]:
    step, code = refusal.step, refusal.code
    if refusal.over or step is Step.SESSION or (code >= 500 and enhanced in _OF_THE_SENDER):
        return BackendAway
    if step is Step.SENDER:
        return DropDelivery if enhanced == "3.4" or code == 552 else BackendAway
    if code < 500 or enhanced == "2.2":
        return RetryDelivery
    if enhanced.startswith("1.") or enhanced in ("2.0", "2.1"):
        return AddressRefused
    if step is Step.MAIL:
        return DropDelivery
    about_address = not enhanced and code in _OF_THE_ADDRESS and not _POLICY.search(refusal.words)
    return AddressRefused if about_address else RetryDelivery
