"""Bearer: programs show a token with every call (RFC 6750). A session of the pages counts for nothing here."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import g, request

from fmn_core.store import Store
from fmn_web.visitor import Visitor

from .problems import ProblemError

KIND = "api"
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="FMN"'}


def let_in(store: Store, writes: bool) -> None:
    """Find out for whom a program comes, for the rest of the request.

    :param writes: whether it wants to change something
    :raises ProblemError: if it may not
    """
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise ProblemError(401, "Send a token: 'Authorization: Bearer fmn_…'.", headers=_CHALLENGE)
    token = store.tokens.holder(secret.strip(), KIND, datetime.now(UTC))
    account = store.accounts.find(token.user) if token else None
    if token is None or account is None:
        invalid = {"WWW-Authenticate": f'{_CHALLENGE["WWW-Authenticate"]}, error="invalid_token"'}
        raise ProblemError(401, "No such token is known, or it was revoked.", headers=invalid)
    if writes and not token.writes:
        raise ProblemError(403, "This token may not change anything. Make one that may.")
    g.token = token
    g._login_user = Visitor(account)  # where the library keeps who it is; the pages' functions ask it
