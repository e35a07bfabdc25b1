"""pkgdb and FASJSON: what their answers mean."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from fmn_core import LookupData, LookupUnavailableError, Role, Stale
from fmn_lookups_fedora.distgit import PagureApi
from fmn_lookups_fedora.fasjson import FasJson
from fmn_lookups_fedora.fetching import Fetcher
from fmn_lookups_fedora.pkgdb import Pkgdb

if TYPE_CHECKING:
    from conftest import Far

CORPUS = Path(os.environ.get("FMN_CORPUS", Path(__file__).parents[4] / "shared" / "corpus"))


def pkgdb(far: Far, *packagers: str) -> Pkgdb:
    return Pkgdb(Fetcher(5.0), f"{far.url}/pkgdb", packagers)


def fasjson(far: Far, *only: str, token: str = "") -> FasJson:
    return FasJson(Fetcher(5.0, token), f"{far.url}/fasjson", only)


# pkgdb.


def test_a_package_has_contacts_co_maintainers_and_watchers_in_all_living_branches(recorded: Far) -> None:
    data = pkgdb(recorded).reload(Stale(frozenset({"teapot", "containers/kettle", "saucer", "../x"})))
    assert data == LookupData(
        {
            "teapot": {
                "ava": Role.OWNER,
                "@tea-sig": Role.OWNER,
                "hugo": Role.COMAINTAINER,
                "mei": Role.COMAINTAINER,
            }
        }
    )


def test_packagers_are_asked_for_their_packages_in_three_roles(recorded: Far) -> None:
    data = pkgdb(recorded).load()
    assert data == LookupData(
        {
            "teapot": {"ava": Role.OWNER, "@tea-sig": Role.COMAINTAINER},
            "containers/kettle": {"ava": Role.COMAINTAINER},
            "spoon": {"ava": Role.WATCHER},
        }
    )


def test_only_configured_packagers_are_asked(recorded: Far) -> None:
    assert set(pkgdb(recorded, "group::tea-sig").load().maintainers) == {"teapot"}
    assert recorded.paths() == ["/pkgdb/api/packager/package/group::tea-sig"]


def test_a_list_of_nobody_is_no_answer(far: Far) -> None:
    far.say("/pkgdb/api/packagers/?pattern=%2A", {"output": "ok", "packagers": []})
    with pytest.raises(LookupUnavailableError, match=r"names no packager$"):
        pkgdb(far).load()


ODD = [
    {"packages": None},
    {"packages": [None, 3, {"status": "Approved"}]},
    {"packages": [{"status": "Approved", "point_of_contact": {}, "acls": [None, {"acl": [], "status": "Approved"}]}]},
]


@pytest.mark.parametrize("body", ODD)
def test_odd_answers_about_a_package_name_nobody(far: Far, body: Any) -> None:
    far.say("/pkgdb/api/package/rpms/teapot", body)
    assert pkgdb(far).reload(Stale(frozenset({"teapot"}))) == LookupData()


# FASJSON.


def test_all_groups_are_read_page_by_page(recorded: Far) -> None:
    assert fasjson(recorded).load() == LookupData(groups={"boilers": ["hugo"], "empty": [], "tea-sig": ["ava", "mei"]})
    assert len(recorded.asked) == 5


def test_only_configured_groups_are_asked(recorded: Far) -> None:
    source = fasjson(recorded, "boilers", "gone")
    assert source.load() == LookupData(groups={"boilers": ["hugo"]})
    recorded.asked.clear()
    assert source.reload(Stale(groups=frozenset({"tea-sig"}))) == LookupData()
    assert recorded.asked == []


def test_a_group_that_is_gone_has_nobody(recorded: Far) -> None:
    found = fasjson(recorded).reload(Stale(frozenset({"teapot"}), frozenset({"gone", "boilers", "..", ""})))
    assert found == LookupData(groups={"boilers": ["hugo"]})


def test_the_token_is_sent(recorded: Far) -> None:
    fasjson(recorded, "boilers", token="s3cret").load()
    assert recorded.asked[0][1]["authorization"] == "Bearer s3cret"


@pytest.mark.parametrize("body", [{}, {"result": None}, {"result": {"name": "x"}}])
def test_an_answer_without_a_result_is_no_answer(far: Far, body: Any) -> None:
    far.say("/fasjson/v1/groups/boilers/members/?page_size=100&page_number=1", body)
    with pytest.raises(LookupUnavailableError, match=r"answers without a result$"):
        fasjson(far, "boilers").load()


def test_no_groups_at_all_is_no_answer(far: Far) -> None:
    far.say("/fasjson/v1/groups/?page_size=100&page_number=1", {"result": [{"name": [3]}, None]})
    with pytest.raises(LookupUnavailableError, match=r"names no group$"):
        fasjson(far).load()


def test_a_service_that_suddenly_names_much_less_is_doubted() -> None:
    groups = LookupData(groups=dict.fromkeys(("a", "b", "c", "d", "e"), ()))
    packages = LookupData({name: {"ava": Role.OWNER} for name in ("a", "b", "c")})
    fetcher = Fetcher(5.0)
    all_groups, some = FasJson(fetcher, "http://x", (), 0.5), FasJson(fetcher, "http://x", ("a", "z"), 0.5)
    assert all_groups.doubt(LookupData(groups={"a": (), "b": ()}), groups).startswith("only 2 groups are named, of 5 ")
    assert all_groups.doubt(LookupData(groups={"a": (), "b": (), "c": ()}), groups) == ""
    assert some.doubt(LookupData(groups={"a": ()}), groups) == "", "the others were not asked for"
    assert (
        Pkgdb(fetcher, "http://x", (), 0.5).doubt(LookupData(), packages).startswith("only 0 packages are named, of 3 ")
    )
    assert Pkgdb(fetcher, "http://x", ("ava",), 0.5).doubt(LookupData(), packages) == ""


# The recorded answers of the real services.


@pytest.fixture
def cassettes(far: Far) -> Far:
    path = CORPUS / "ownership_api.jsonl"
    if not path.exists():
        pytest.skip(f"no {path}: set FMN_CORPUS")
    for line in path.read_text("ascii").split("\n"):
        if line:
            row = json.loads(line)
            url = urlsplit(row["url"])
            far.say(url.path, row["body"], row["status"])
    return far


def test_recorded_answers_of_pagure_name_everybody_with_access(cassettes: Far) -> None:
    found = PagureApi(Fetcher(5.0), f"{cassettes.url}/pagure").maintainers(["ejabberd", "notanamespace/orapackage"])
    assert found == {
        "ejabberd": {
            "peter": Role.OWNER,
            **dict.fromkeys(["bowlofeggs", "martinlanghoff", "jcline", "xavierb"], Role.COMAINTAINER),
        }
    }
    more = PagureApi(Fetcher(5.0), f"{cassettes.url}/pagure").maintainers(["python-urllib3"])["python-urllib3"]
    assert (more["sagarun"], more["@infra-sig"]) == (Role.OWNER, Role.COMAINTAINER)


def test_recorded_answers_of_pkgdb_agree_with_each_other(cassettes: Far) -> None:
    source = pkgdb(cassettes, "jcline", "group::infra-sig", "ralph", "remi", "thisisnotausername123")
    bulk = source.load().maintainers
    names = ("ejabberd", "python-urllib3", "notanamespace/orapackage")
    single = source.reload(Stale(frozenset(names))).maintainers
    assert set(single) == {"ejabberd", "python-urllib3"}
    for package in single:
        for name in ("jcline", "@infra-sig", "ralph", "remi"):
            assert single[package].get(name) == bulk.get(package, {}).get(name), (package, name)
    assert single["ejabberd"]["peter"] == Role.OWNER
    assert {role for roles in bulk.values() for role in roles.values()} == set(Role)
