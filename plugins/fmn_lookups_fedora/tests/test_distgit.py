"""Dist-git: the published file, from a path and from a server, and the API for what changes."""

from __future__ import annotations

import json
import os
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fmn_core import ConfigError, LookupData, LookupSource, LookupUnavailableError, Role, Settings, Stale
from fmn_core.testing import lookups
from fmn_lookups_fedora import fmn_register_lookups
from fmn_lookups_fedora.distgit import LONGEST, MARGIN, DistGit, PagureApi
from fmn_lookups_fedora.fetching import Fetcher
from fmn_lookups_fedora.places import FilePlace, UrlPlace

if TYPE_CHECKING:
    from conftest import Far

CORPUS = Path(os.environ.get("FMN_CORPUS", Path(__file__).parents[4] / "shared" / "corpus"))
NOW = 1_700_000_000.0

ALIASES = {
    "rpms": {
        "bash": ["ava", "hugo"],
        "zsh": ["orphan"],
        "fish": ["orphan", "mei"],
        "kernel": ["kernel-sig", "ava"],
        "rust": ["rustaceans"],
        "nobody": [],
    },
    "container": {"bash": ["mei"]},
    "modules": {"php": ["hugo"]},
}
WHOLE = json.dumps(ALIASES).encode()


@pytest.fixture
def aliases(tmp_path: Path) -> Path:
    path = tmp_path / "aliases.json"
    path.write_bytes(WHOLE)
    return path


def registered(data_dir: Path, **section: Any) -> list[LookupSource]:
    settings = Settings.model_validate({"data_dir": data_dir, "plugin": {"fedora": section}})
    return list(fmn_register_lookups(settings))


def test_nothing_configured_is_no_source(tmp_path: Path) -> None:
    assert registered(tmp_path) == []


def test_published_aliases_become_co_maintainers(aliases: Path) -> None:
    (source,) = registered(aliases.parent, alias="aliases.json", groups=["rustaceans"])
    data = source.load()
    assert {package: set(names) for package, names in data.maintainers.items()} == {
        "bash": {"ava", "hugo"},
        "fish": {"mei"},
        "kernel": {"@kernel-sig", "ava"},
        "rust": {"@rustaceans"},
        "containers/bash": {"mei"},
        "modules/php": {"hugo"},
    }
    assert {role for names in data.maintainers.values() for role in names.values()} == {Role.COMAINTAINER}


def test_groups_that_the_account_system_knows_are_groups_in_the_file(aliases: Path, recorded: Far) -> None:
    aliases.write_text('{"rpms": {"teapot": ["boilers", "ava"]}}')
    groups, source = registered(aliases.parent, alias="aliases.json", fasjson=f"{recorded.url}/fasjson")
    groups.load()
    assert set(source.load().maintainers["teapot"]) == {"@boilers", "ava"}


@pytest.mark.parametrize("section", [{"distgit": "src.example.org"}, {"fasjson": "ftp://x"}, {"smallest_share": 2}])
def test_mistakes_in_the_section_are_told(tmp_path: Path, section: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=rf"plugin\.fedora\.{next(iter(section))}: "):
        registered(tmp_path, **section)


BAD = [
    (WHOLE[: len(WHOLE) // 2], "is not JSON: "),
    (b"", "is not JSON: "),
    (b"\xff\xfe\x00", "is not JSON: "),
    (b"[" * 100_000, "is not JSON: "),
    (b"[]", "holds no object of namespaces"),
    (b"{}", "names no maintained package"),
    (b'{"rpms": []}', "names no maintained package"),
    (b'{"rpms": {"bash": ["orphan"]}}', "names no maintained package"),
]
IDS = ["truncated", "empty", "no text", "nested", "list", "nothing", "no packages", "all orphaned"]


@pytest.mark.parametrize(("content", "reason"), BAD, ids=IDS)
def test_a_file_that_cannot_be_used_is_one_sentence_with_its_place(aliases: Path, content: bytes, reason: str) -> None:
    aliases.write_bytes(content)
    with pytest.raises(LookupUnavailableError, match=reason) as raised:
        DistGit(FilePlace(aliases)).load()
    assert str(raised.value).startswith(f"file {str(aliases)!r} ")
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LookupUnavailableError, match=r"none\.json' cannot be read: No such file or directory$"):
        DistGit(FilePlace(tmp_path / "none.json")).load()


def test_odd_entries_among_good_ones_are_left_out_and_counted(aliases: Path, caplog: pytest.LogCaptureFixture) -> None:
    odd = {"rpms": {"bash": ["ava"], "zsh": None, "fish": [1], "kernel": "ava", "": ["x"], "a/b": ["x"]}, "tests": 3}
    aliases.write_text(json.dumps(odd))
    assert DistGit(FilePlace(aliases)).load().maintainers == {"bash": {"ava": Role.COMAINTAINER}}
    assert "rpms" in caplog.text
    assert "5 entries are no lists of names" in caplog.text
    assert "1 entries" in caplog.text


def many(count: int) -> LookupData:
    return LookupData({f"p{number}": {"ava": Role.OWNER} for number in range(count)})


def test_a_file_that_has_suddenly_shrunk_is_doubted(aliases: Path) -> None:
    (source,) = registered(aliases.parent, alias="aliases.json")
    assert source.doubt(many(500), many(1000)) == ""
    assert source.doubt(many(499), many(1000)) == (
        "only 499 packages are named, of 1,000 before; smallest_share = 0 would believe that"
    )
    (trusting,) = registered(aliases.parent, alias="aliases.json", smallest_share=0)
    assert trusting.doubt(many(1), many(1000)) == ""


def test_the_mark_of_a_file_is_another_once_it_has_changed(aliases: Path) -> None:
    source = DistGit(FilePlace(aliases))
    before = source.mark()
    assert source.mark() == before
    aliases.write_bytes(WHOLE + b" ")
    assert source.mark() != before


# From a server.

PUBLISHED = "/extras/pagure_owner_alias.json"


def test_a_published_file_is_fetched_and_not_sent_again_while_it_is_the_same(far: Far, tmp_path: Path) -> None:
    far.say(PUBLISHED, ALIASES, ETag='"1"', Last_Modified=formatdate(NOW, usegmt=True))
    (source,) = registered(tmp_path, distgit=f"{far.url}/")
    first = source.load()
    assert source.load() == first
    assert "bash" in first.maintainers
    (_, asked), (_, again) = far.asked
    assert asked["user-agent"].startswith("fmn-lookups-fedora/")
    assert "if-none-match" not in asked
    assert (again["if-none-match"], again["if-modified-since"]) == ('"1"', formatdate(NOW, usegmt=True))


def test_a_file_that_came_cut_off_is_asked_for_as_a_whole_again(far: Far) -> None:
    far.say(PUBLISHED, WHOLE[:50], ETag='"1"')
    source = DistGit(UrlPlace(Fetcher(5.0), far.url + PUBLISHED))
    with pytest.raises(LookupUnavailableError, match="is not JSON"):
        source.load()
    far.say(PUBLISHED, WHOLE, ETag='"1"')
    assert "bash" in source.load().maintainers


def test_another_server_has_another_mark(tmp_path: Path) -> None:
    (one,) = registered(tmp_path, alias="https://one.example.org/alias.json")
    (two,) = registered(tmp_path, alias="https://two.example.org/alias.json")
    assert one.mark() != two.mark()


# Single packages from the API.


def api(far: Far) -> PagureApi:
    return PagureApi(Fetcher(5.0), f"{far.url}/pagure")


def test_pagure_tells_owner_co_maintainers_and_groups(recorded: Far) -> None:
    assert api(recorded).maintainers(["teapot", "containers/kettle", "saucer"]) == {
        "teapot": {
            "ava": Role.OWNER,
            "hugo": Role.COMAINTAINER,
            "mei": Role.COMAINTAINER,
            "@tea-sig": Role.COMAINTAINER,
            "@boilers": Role.COMAINTAINER,
        }
    }, "an orphan and a package that does not exist have nobody"


def test_what_can_be_no_package_is_not_asked_for(recorded: Far) -> None:
    assert api(recorded).maintainers(["", ".", "..", "a/b/c", "../secret", "/x", "x/"]) == {}
    assert recorded.asked == []
    with pytest.raises(LookupUnavailableError):
        api(recorded).maintainers(["what?&#%"])
    assert recorded.paths() == ["/pagure/api/0/rpms/what%3F%26%23%25"]


class World:
    """A file, an API and a clock."""

    def __init__(self, far: Far, aliases: Path) -> None:
        self.now = NOW
        self.path = aliases
        self.source = DistGit(FilePlace(aliases), api(far), clock=lambda: self.now)

    def publish(self, made_at: float, **packages: list[str]) -> dict[str, set[str]]:
        self.path.write_text(json.dumps({"rpms": packages}))
        os.utime(self.path, (made_at, made_at))
        return {name: set(owners) for name, owners in self.source.load().maintainers.items()}


@pytest.fixture
def world(recorded: Far, aliases: Path) -> World:
    return World(recorded, aliases)


TEAPOT = {"ava", "hugo", "mei", "@tea-sig", "@boilers"}


def test_what_the_api_said_goes_before_an_older_file(world: World) -> None:
    answer = world.source.reload(Stale(frozenset({"teapot", "saucer"})))
    assert answer is not None
    assert set(answer.maintainers) == {"teapot"}
    old = {"teapot": ["yusra"], "saucer": ["yusra"], "spoon": ["yusra"]}
    assert world.publish(NOW - 3600, **old) == {"teapot": TEAPOT, "spoon": {"yusra"}}
    assert world.publish(NOW + MARGIN, **old)["teapot"] == TEAPOT
    assert world.publish(NOW + MARGIN + 1, **old) == {"teapot": {"yusra"}, "saucer": {"yusra"}, "spoon": {"yusra"}}


def test_what_the_api_said_gives_way_after_a_day(world: World) -> None:
    world.source.reload(Stale(frozenset({"teapot"})))
    world.now += LONGEST
    assert world.publish(NOW - 3600, teapot=["yusra"]) == {"teapot": {"yusra"}}


def test_without_an_api_no_message_makes_anything_stale(aliases: Path) -> None:
    source = DistGit(FilePlace(aliases))
    assert source.stale_apps == ()
    assert source.reload(Stale(frozenset({"bash"}))) is None


@pytest.mark.parametrize("body", [{}, {"access_users": [], "access_groups": {}}, []])
def test_an_answer_without_access_is_no_answer(far: Far, body: Any) -> None:
    far.say("/pagure/api/0/rpms/teapot", body)
    with pytest.raises(LookupUnavailableError, match="/pagure/api/0/rpms/teapot "):
        api(far).maintainers(["teapot"])


def test_odd_names_in_an_answer_are_left_out(far: Far) -> None:
    access = {"owner": "ava", "admin": [None, 3, "", "mei"], "commit": [["x"]]}
    far.say("/pagure/api/0/rpms/teapot", {"access_users": access, "access_groups": {"commit": [{}, "tea-sig"]}})
    assert api(far).maintainers(["teapot"]) == {"teapot": {"mei": Role.COMAINTAINER, "@tea-sig": Role.COMAINTAINER}}


@pytest.mark.parametrize(("date", "packages"), [("2018-10-23", 20_000), ("2026-08-22", 25_000)])
def test_the_real_file_of_the_distribution(date: str, packages: int) -> None:
    path = CORPUS / f"pagure_owner_alias.{date}.json"
    if not path.exists():
        pytest.skip(f"no {path}: set FMN_CORPUS")
    public = json.loads(path.read_bytes())
    data = DistGit(FilePlace(path)).load()
    snapshot = lookups(data.maintainers)
    assert len(data.maintainers) > packages
    assert not any("orphan" in names for names in data.maintainers.values())
    assert snapshot.packages("@perl-sig"), "groups are known by their ending"
    for namespace, mark in (("rpms", ""), ("container", "containers/"), ("modules", "modules/")):
        for package, names in public[namespace].items():
            accounts = {name for name in names if name != "orphan" and not name.endswith("-sig")}
            assert accounts == {name for name in snapshot.owners(mark + package) if not name.startswith("@")}
