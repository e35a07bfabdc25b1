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


class Provider:
    """``with`` runs it. Everybody who comes is logged in at once.

    :ivar claims: what it says of whoever logs in
    :ivar spoilt: what it does wrong: ``nonce``, ``signature``, ``refuses``
    """

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "1", "nickname": "ann", "email": "ann@example.org"}
        self.spoilt = ""
        self._key, self._other = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
        self._codes: dict[str, Any] = {}
        self._server = make_server("127.0.0.1", 0, Request.application(self._answer), threaded=True)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Provider:
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, request: Request) -> Response:
        pages = {"/.well-known/openid-configuration": self._metadata, "/authorize": self._authorize,
                 "/token": self._token, "/jwks": self._keys}  # fmt: skip
        return pages[request.path](request)

    def _metadata(self, request: Request) -> Response:
        places = {f"{name}_endpoint": f"{self.issuer}/{path}" for name, path in
                  (("authorization", "authorize"), ("token", "token"))}  # fmt: skip
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
        digest = hashlib.sha256(request.form["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
        assert request.authorization is not None
        assert (request.authorization.username, request.authorization.password) == ("fmn", "secret")
        now = int(time.time())
        claims = {**self.claims, "iss": self.issuer, "aud": "fmn", "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        if self.spoilt == "nonce":
            claims["nonce"] = "another"
        key = self._other if self.spoilt == "signature" else self._key
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)
        return _json({"access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": token})


def _json(value: Any) -> Response:
    return Response(json.dumps(value), mimetype="application/json")
