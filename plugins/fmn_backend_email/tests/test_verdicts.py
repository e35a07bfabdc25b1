"""What a server's no means."""

import pytest

from fmn_backend_email.verdicts import LOST, Refusal, Step, verdict
from fmn_core import AddressRefused, BackendAway, DropDelivery, RetryDelivery

CASES = [
    (Step.SESSION, 421, "too busy", BackendAway),
    (Step.SESSION, 554, "5.7.1 you are on a list", BackendAway),
    (Step.SESSION, 535, "5.7.8 wrong password", BackendAway),
    (Step.SESSION, LOST, "connection refused", BackendAway),
    (Step.SENDER, 451, "4.3.0 try later", BackendAway),
    (Step.SENDER, 550, "5.7.1 sender rejected", BackendAway),
    (Step.SENDER, 553, "5.1.8 no such domain", BackendAway),
    (Step.SENDER, 530, "5.7.0 authentication required", BackendAway),
    (Step.SENDER, 552, "5.3.4 larger than I take", DropDelivery),
    (Step.SENDER, 552, "larger than I take", DropDelivery),
    (Step.SENDER, LOST, "timed out", BackendAway),
    (Step.RECIPIENT, 450, "4.2.0 greylisted", RetryDelivery),
    (Step.RECIPIENT, 451, "later", RetryDelivery),
    (Step.RECIPIENT, 452, "4.2.2 mailbox full", RetryDelivery),
    (Step.RECIPIENT, 421, "4.7.0 slow down", BackendAway),
    (Step.RECIPIENT, 503, "5.5.1 bad sequence", BackendAway),
    (Step.RECIPIENT, 550, "5.1.1 no such user", AddressRefused),
    (Step.RECIPIENT, 550, "5.1.10 takes no mail", AddressRefused),
    (Step.RECIPIENT, 551, "5.1.6 has moved", AddressRefused),
    (Step.RECIPIENT, 554, "5.1.2 no such domain", AddressRefused),
    (Step.RECIPIENT, 550, "5.2.1 account disabled", AddressRefused),
    (Step.RECIPIENT, 550, "5.2.0 mailbox unavailable", AddressRefused),
    (Step.RECIPIENT, 550, "No such user here", AddressRefused),
    (Step.RECIPIENT, 501, "Bad recipient address syntax", AddressRefused),
    (Step.RECIPIENT, 556, "domain does not accept mail", AddressRefused),
    (Step.RECIPIENT, 553, "5.1.8 your domain does not exist", BackendAway),
    (Step.RECIPIENT, 552, "5.2.2 mailbox full", RetryDelivery),
    (Step.RECIPIENT, 552, "over quota", RetryDelivery),
    (Step.RECIPIENT, 550, "5.2.2 over quota", RetryDelivery),
    (Step.RECIPIENT, 550, "5.7.1 Relaying denied", RetryDelivery),
    (Step.RECIPIENT, 554, "5.7.1 Service unavailable; blocked using bl.example.org", RetryDelivery),
    (Step.RECIPIENT, 550, "relay not permitted", RetryDelivery),
    (Step.RECIPIENT, 550, "Blocked by our policy", RetryDelivery),
    (Step.RECIPIENT, 550, "5.4.1 no answer from host", RetryDelivery),
    (Step.RECIPIENT, 554, "5.3.2 system does not accept mail", RetryDelivery),
    (Step.RECIPIENT, 554, "transaction failed", RetryDelivery),
    (Step.RECIPIENT, 500, "what?", RetryDelivery),
    (Step.MAIL, 451, "4.3.0 out of disk", RetryDelivery),
    (Step.MAIL, 421, "4.3.2 shutting down", BackendAway),
    (Step.MAIL, 554, "5.6.0 I do not like it", DropDelivery),
    (Step.MAIL, 550, "5.7.1 looks like spam", DropDelivery),
    (Step.MAIL, 552, "5.3.4 too large", DropDelivery),
    (Step.MAIL, 552, "too large", DropDelivery),
    (Step.MAIL, 552, "5.2.2 mailbox full", RetryDelivery),
    (Step.MAIL, 550, "5.1.1 no such user", AddressRefused),
    (Step.MAIL, 550, "no", DropDelivery),
    (Step.MAIL, 999, "what?", BackendAway),
]


@pytest.mark.parametrize(("step", "code", "words", "expected"), CASES)
def test_verdict(step, code, words, expected):
    said = verdict("mail server here", Refusal(step, code, words), "jane@example.org")
    assert type(said) is expected
    assert said.reason.startswith("mail server here ")
    assert said.reason.endswith(f": {code} {words}" if code else f": {words}")
    assert ("jane@example.org" in said.reason) == (step is Step.RECIPIENT)
