"""Headers: what browsers may do with our pages, said with each answer."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, Response, g
from flask_login import current_user

from fmn_core.config import Settings

#: only what we serve ourselves; Bootstrap draws some of its icons as data URLs
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; form-action {forms}; frame-ancestors 'none'; base-uri 'none'"
)


def added(app: Flask, settings: Settings) -> None:
    """Let the application add them."""
    app.after_request(_protection(settings))


def _protection(settings: Settings) -> Callable[[Response], Response]:
    provider = urlsplit(settings.web.issuer)
    # browsers hold the redirect to the provider, which follows a form, against this too
    forms = f"'self' {provider.scheme}://{provider.netloc}" if provider.netloc else "'self'"
    content = CONTENT_SECURITY_POLICY.format(forms=forms)

    def protect(response: Response) -> Response:
        sources = " ".join(g.get("streams_from", ()))  # a page that reads a stream says from where
        own = f"{content}; connect-src 'self' {sources}" if sources else content
        response.headers.setdefault("Content-Security-Policy", own)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        if current_user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return protect
