"""The section ``[plugin.fedora]``: which services are asked."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from fmn_core import Section


def _bare(url: str) -> str:
    """Return a URL as others are put together from it."""
    if url and not url.startswith(("http://", "https://")):
        raise ValueError(f"must be http://HOST or https://HOST, not {url!r}")
    return url.rstrip("/")


Url = Annotated[str, AfterValidator(_bare)]


class FedoraSettings(Section):
    """Services that are not named are not asked.

    :param alias: URL of ``pagure_owner_alias.json``, or its path, taken from the data folder
    :param distgit: URL of dist-git's Pagure, asked for single packages; where there is no ``alias``, for its file too
    :param pkgdb: URL of the historical package database
    :param pkgdb_packagers: whose packages are loaded from there, ``group::NAME`` for groups; empty for everybody's
    :param fasjson: URL of FASJSON without ``/v1``
    :param fasjson_token: sent as bearer token
    :param fasjson_groups: only these groups; empty for all
    :param groups: names in the alias file that are groups, besides those that end in ``-sig``
    :param smallest_share: share of what a service named before that it must name again, to be believed
    :param timeout: seconds that one answer may take as a whole
    """

    alias: str = ""
    distgit: Url = ""
    pkgdb: Url = ""
    pkgdb_packagers: tuple[str, ...] = ()
    fasjson: Url = ""
    fasjson_token: SecretStr = SecretStr("")
    fasjson_groups: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    smallest_share: float = Field(default=0.5, ge=0, le=1)
    timeout: float = Field(default=30.0, gt=0, le=600)
