import pytest

from fmn_backend_email.addresses import canonical, sender
from fmn_core import UsageError


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("jane@example.org", "jane@example.org"),
        (" Jane.Doe+fmn@EXAMPLE.org ", "Jane.Doe+fmn@example.org"),
        ("jane@bücher.example", "jane@xn--bcher-kva.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_addresses_have_one_form(given, expected):
    assert canonical(given) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize(
    "address",
    [
        "", "@", "jane", "jane@", "@example.org", "a@b@c", "jane doe@example.org", ".jane@example.org",
        "jane..doe@example.org", "jane@example..org", "jane@-example.org", "jane@example.org.", '"jane"@example.org',
        "jane@[127.0.0.1]", "jane@example.org\nBcc: x@y", "jane\r@example.org", "jane@example.org,x@y",
        "jäne@example.org", "jane@" + "a" * 64 + ".org", "a" * 65 + "@example.org",
        "a@" + "a.b" * 90, "\ud800@example.org", "a@\ud800",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(address):
    with pytest.raises(UsageError, match="mail address"):
        canonical(address)


def test_sender_is_an_address_with_or_without_name():
    assert sender("fmn@Example.org") == "fmn@example.org"
    assert sender("FMN <fmn@Example.org>") == "FMN <fmn@example.org>"


@pytest.mark.parametrize("value", ["", "FMN", "FMN <fmn>", "a@b.c, d@e.f", "FMN <a@b.c>\nBcc: d@e.f"])
def test_other_senders_are_refused(value):
    with pytest.raises(ValueError, match="address"):
        sender(value)
