"""Who maintains what and who is in which group, as Fedora's services tell it."""

from __future__ import annotations

from fmn_core import LookupSource, Settings, hookimpl

from .distgit import DistGit, PagureApi
from .fasjson import FasJson
from .fetching import Fetcher
from .pkgdb import Pkgdb
from .places import FilePlace, Place, UrlPlace
from .settings import FedoraSettings

#: what dist-git's owners are published as, below its URL
ALIAS = "extras/pagure_owner_alias.json"


@hookimpl
def fmn_register_lookups(settings: Settings) -> list[LookupSource]:
    """Offer the services that are configured; groups first, for others ask which there are."""
    chosen = settings.section("fedora", FedoraSettings)
    fetcher = Fetcher(chosen.timeout)
    sources: list[LookupSource] = []
    known: set[str] = set(chosen.groups)
    if chosen.fasjson:
        with_token = Fetcher(chosen.timeout, chosen.fasjson_token.get_secret_value())
        sources.append(FasJson(with_token, chosen.fasjson, chosen.fasjson_groups, chosen.smallest_share, known))
    if chosen.alias or chosen.distgit:
        api = PagureApi(fetcher, chosen.distgit) if chosen.distgit else None
        sources.append(DistGit(_place(settings, chosen, fetcher), api, chosen.smallest_share, known))
    if chosen.pkgdb:
        sources.append(Pkgdb(fetcher, chosen.pkgdb, chosen.pkgdb_packagers, chosen.smallest_share))
    return sources


def _place(settings: Settings, chosen: FedoraSettings, fetcher: Fetcher) -> Place:
    where = chosen.alias or f"{chosen.distgit}/{ALIAS}"
    if where.startswith(("http://", "https://")):
        return UrlPlace(fetcher, where)
    return FilePlace(settings.data_dir / where)
