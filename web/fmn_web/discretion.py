"""Discretion: pages whose address is a secret leave no trace of it, in no cache, no search engine and no other site."""

from __future__ import annotations

from flask import Blueprint, Response


def discreet(pages: Blueprint) -> Blueprint:
    """Let pages keep their address to themselves."""
    pages.after_request(_keep_to_themselves)
    return pages


def _keep_to_themselves(response: Response) -> Response:
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
