"""A small OpenID provider that speaks the real protocol: code flow, PKCE, nonce, tokens signed with its own key."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug import Request, Response
from werkzeug.serving import make_server
from werkzeug.utils import redirect

#: its own, and one that is not its own; making them takes longer than a test
KEYS = RSAKey.generate_key(2048), RSAKey.generate_key(2048)


class Provider:
    """``with`` runs it. Everybody who comes is logged in at once.

    :ivar claims: what its tokens say of whoever logs in
    :ivar told: what it says besides when it is asked with the token, as Fedora's does
    :ivar spoilt: what it does wrong
    """

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "1", "nickname": "ann", "email": "ann@example.org"}
        self.told: dict[str, Any] = {}
        self.spoilt = ""
        self._key, self._other = KEYS
        self._codes: dict[str, Any] = {}
        self._server = make_server("127.0.0.1", 0, Request.application(self._answer), threaded=True)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Provider:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, request: Request) -> Response:
        pages = {"/.well-known/openid-configuration": self._metadata, "/authorize": self._authorize,
                 "/token": self._token, "/jwks": self._keys, "/userinfo": self._userinfo}  # fmt: skip
        if self.spoilt == f"away{request.path}":
            return Response("<h1>Sorry</h1>", 503, mimetype="text/html")
        return pages[request.path](request)

    def _metadata(self, request: Request) -> Response:
        places = {f"{name}_endpoint": f"{self.issuer}/{path}" for name, path in
                  (("authorization", "authorize"), ("token", "token"), ("userinfo", "userinfo"))}  # fmt: skip
        return _json({"issuer": self.issuer, **places, "jwks_uri": f"{self.issuer}/jwks",
                      "id_token_signing_alg_values_supported": ["RS256"]})  # fmt: skip

    def _keys(self, request: Request) -> Response:
        return _json({"keys": [{**self._key.as_dict(private=False), "kid": "one"}]})

    def _authorize(self, request: Request) -> Response:
        asked = request.args
        assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", "fmn", "S256")
        answer = {"state": asked["state"], "code": f"code{len(self._codes)}"}
        self._codes[answer["code"]] = asked
        if self.spoilt == "refuses":
            answer = {"state": asked["state"], "error": "access_denied"}
        return redirect(f"{asked['redirect_uri']}?{urlencode(answer)}")

    def _token(self, request: Request) -> Response:
        asked = self._codes.pop(request.form["code"])
        if not self._is_ours(request, asked) or self.spoilt == "pkce":
            return _json({"error": "invalid_grant"}, 400)
        if self.spoilt == "no json":
            return Response("<h1>Sorry</h1>", mimetype="text/html")
        token = {"access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": self._signed(asked)}
        if self.spoilt == "no token":
            del token["id_token"]
        return _json(token)

    def _is_ours(self, request: Request, asked: Any) -> bool:
        """Tell whether it is the client, with its secret and with what only it knows of this login."""
        digest = hashlib.sha256(request.form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        known = request.authorization
        return (
            known is not None
            and (known.username, known.password) == ("fmn", "secret")
            and (challenge, request.form["redirect_uri"]) == (asked["code_challenge"], asked["redirect_uri"])
        )

    def _signed(self, asked: Any) -> str:
        now = int(time.time())
        claims = {**self.claims, "iss": self.issuer, "aud": "fmn", "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        wrong = {"nonce": "another", "aud": "somebody", "iss": "https://evil.example", "exp": now - 3600}
        if self.spoilt in wrong:
            claims[self.spoilt] = wrong[self.spoilt]
        key = self._other if self.spoilt == "signature" else self._key
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)
        if self.spoilt == "unsigned":
            head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
            token = f"{head}.{token.split('.')[1]}."
        return token

    def _userinfo(self, request: Request) -> Response:
        if request.headers.get("Authorization") != "Bearer x":
            return _json({"error": "invalid_token"}, 401)
        return _json({"sub": "2" if self.spoilt == "two people" else self.claims["sub"], **self.told})


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")
