"""Encryption and login, with a certificate that an authority of our own has signed."""

import pytest
from aiosmtpd.smtp import AuthResult

from fmn_core import BackendAway

#: aiosmtpd does not know of a TLS that began before it
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


def authenticator(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"fmn", b"s3cret"), handled=False)


@pytest.fixture(params=["starttls", "tls"])
def encrypted(request, start_mail_server, authority):
    """A server that wants encryption, and a login; and how to reach it."""
    wants = {"authenticator": authenticator, "auth_required": True}
    if request.param == "starttls":
        server = start_mail_server(tls_context=authority.of_server, require_starttls=True, **wants)
    else:
        server = start_mail_server(tls=True, auth_require_tls=False, **wants)
    how = {"host": "localhost", "port": server.port, "encryption": request.param, "timeout": 5}
    return server, {**how, "ca_file": authority.file, "username": "fmn", "password": "s3cret"}


def test_mails_go_encrypted_after_the_login(encrypted, backend, notification):
    server, how = encrypted
    made = backend(**how)
    made.deliver(notification())
    made.deliver(notification())
    assert len(server.mails) == 2
    assert len(server.peers) == 1
    assert f"encryption {how['encryption']}" in made.check()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"password": "guess"}, "535"),
        ({"username": ""}, "530"),
        ({"ca_file": ""}, "certificate verify failed"),
        ({"ca_file": "/nowhere/ca.pem"}, "No such file"),
        ({"encryption": "none", "username": ""}, "530|timed out"),
    ],
    ids=["login", "no login", "unknown authority", "no authority", "no encryption"],
)
def test_without_encryption_or_login_everything_waits(encrypted, backend, notification, wrong, why):
    server, how = encrypted
    with pytest.raises(BackendAway, match=why):
        backend(**{**how, **wrong, "timeout": 1}).deliver(notification())
    assert not server.mails


def test_a_certificate_for_another_name_is_refused(encrypted, backend, notification):
    server, how = encrypted
    with pytest.raises(BackendAway, match="certificate verify failed"):
        backend(**{**how, "host": "127.0.0.1"}).deliver(notification())
    assert not server.mails


@pytest.mark.parametrize(("encryption", "why"), [("starttls", "STARTTLS"), ("tls", "SSL|TLS|timed out")])
def test_encryption_that_the_server_lacks_is_no_reason_to_go_without(
    backend, mail_server, notification, encryption, why
):
    made = backend(host="127.0.0.1", port=mail_server.port, encryption=encryption, timeout=2)
    with pytest.raises(BackendAway, match=why):
        made.deliver(notification())
    assert not mail_server.mails
