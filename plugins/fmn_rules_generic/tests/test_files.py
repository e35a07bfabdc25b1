"""Ownership from files: both forms, and everything that can be wrong with them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from fmn_core import ALL_ROLES, COMMIT_ROLES, ConfigError, LookupSource, LookupUnavailableError, Role, Settings
from fmn_core.testing import lookups
from fmn_rules_generic import fmn_register_lookups
from fmn_rules_generic.files import AliasFile, OwnershipFile

CORPUS = Path(os.environ.get("FMN_CORPUS", Path(__file__).parents[4] / "shared" / "corpus"))

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
OWNERSHIP = """
[maintainers]
kernel = { ava = "owner", hugo = "comaintainer", "@kernel-sig" = "comaintainer", mei = "watcher", farid = "watcher" }
"modules/php" = { mei = "owner" }
bash = { hugo = "owner", "@kernel-sig" = "watcher" }
zsh = {}

[groups]
kernel-sig = ["nuru"]
rustaceans = ["mei"]
"""


@pytest.fixture
def aliases(tmp_path: Path) -> Path:
    path = tmp_path / "aliases.json"
    path.write_text(json.dumps(ALIASES))
    return path


@pytest.fixture
def ownership(tmp_path: Path) -> Path:
    path = tmp_path / "ownership.toml"
    path.write_text(OWNERSHIP)
    return path


def test_published_aliases_become_co_maintainers(aliases: Path) -> None:
    data = AliasFile(aliases, lambda: {"rustaceans": ()}).load()
    assert {package: set(names) for package, names in data.maintainers.items()} == {
        "bash": {"ava", "hugo"},
        "fish": {"mei"},
        "kernel": {"@kernel-sig", "ava"},
        "rust": {"@rustaceans"},
        "containers/bash": {"mei"},
        "modules/php": {"hugo"},
    }
    assert {role for names in data.maintainers.values() for role in names.values()} == {Role.COMAINTAINER}


def test_a_toml_file_states_roles_and_groups(ownership: Path) -> None:
    data = OwnershipFile(ownership).load()
    assert data.maintainers == {
        "kernel": {
            "ava": "owner",
            "hugo": "comaintainer",
            "@kernel-sig": "comaintainer",
            "mei": "watcher",
            "farid": "watcher",
        },
        "modules/php": {"mei": "owner"},
        "zsh": {},
        "bash": {"hugo": "owner", "@kernel-sig": "watcher"},
    }
    assert data.groups == {"kernel-sig": ("nuru",), "rustaceans": ("mei",)}


def test_both_files_make_one_snapshot(aliases: Path, ownership: Path) -> None:
    sources = registered(aliases.parent, owner_alias=aliases.name)
    assert [source.name for source in sources] == ["ownership", "owner-alias"]
    own, published = (source.load() for source in sources)
    merged = {
        name: {**published.maintainers.get(name, {}), **own.maintainers.get(name, {})}
        for name in {*own.maintainers, *published.maintainers}
    }
    snapshot = lookups(merged, own.groups)
    assert snapshot.packages("nuru", COMMIT_ROLES) == {"kernel"}
    assert snapshot.packages("nuru", frozenset({Role.WATCHER})) == {"bash"}
    assert snapshot.packages("mei", ALL_ROLES) == {"kernel", "modules/php", "fish", "containers/bash", "rust"}


def registered(data_dir: Path, **section: str) -> list[LookupSource]:
    settings = Settings.model_validate({"data_dir": data_dir, "plugin": {"generic": section}})
    return list(fmn_register_lookups(settings))


def test_nothing_configured_and_no_file_of_the_default_name_is_no_source(tmp_path: Path) -> None:
    assert registered(tmp_path) == []


def test_a_file_of_the_default_name_is_read(ownership: Path) -> None:
    (source,) = registered(ownership.parent)
    assert "kernel" in source.load().maintainers


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    (source,) = registered(tmp_path, ownership="mine.toml")
    with pytest.raises(LookupUnavailableError, match=r"mine\.toml' cannot be read: No such file or directory$"):
        source.load()


def test_unknown_settings_are_mistakes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'plugin\.generic\.ownership'"):
        registered(tmp_path, ownershp="x")


def test_a_broken_ownership_file_leaves_the_aliases_alone(aliases: Path, ownership: Path) -> None:
    ownership.write_text("[maintainers")
    own, published = registered(aliases.parent, owner_alias="aliases.json")
    with pytest.raises(LookupUnavailableError):
        own.load()
    assert "bash" in published.load().maintainers


WHOLE = json.dumps(ALIASES)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (WHOLE[: len(WHOLE) // 2].encode(), "is not JSON: "),
        (b"", "is not JSON: "),
        (b"\xff\xfe\x00", "is not JSON: "),
        (b"[" * 100_000, "is not JSON: "),
        (b"[]", "holds no object of namespaces"),
        (b"{}", "names no maintained package"),
        (b'{"rpms": []}', "names no maintained package"),
        (b'{"rpms": {"bash": ["orphan"]}}', "names no maintained package"),
    ],
    ids=["truncated", "empty", "no text", "nested", "list", "nothing", "no packages", "all orphaned"],
)
def test_aliases_that_cannot_be_used_are_one_sentence_with_the_file(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "aliases.json"
    path.write_bytes(content)
    with pytest.raises(LookupUnavailableError, match=reason) as raised:
        AliasFile(path).load()
    assert str(raised.value).startswith(f"ownership file {str(path)!r} ")
    assert "\n" not in str(raised.value)


def test_odd_entries_among_good_ones_are_left_out_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "aliases.json"
    odd: Any = {"rpms": {"bash": ["ava"], "zsh": None, "fish": [1], "kernel": "ava"}, "tests": 3}
    path.write_text(json.dumps(odd))
    assert AliasFile(path).load().maintainers == {"bash": {"ava": Role.COMAINTAINER}}
    assert "rpms" in caplog.text
    assert "3 entries are no lists of names" in caplog.text
    assert f"tests of {path}: 1 entries" in caplog.text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[maintainers", "is not TOML: "),
        (b"\xff", "is not TOML: "),
        (b"[maintainers]\nkernel = 3", "cannot be used: maintainers.kernel: "),
        (b"[packages]\nkernel = 3", "cannot be used: packages: "),
        (b'[maintainers]\nkernel = { ava = "boss" }', "cannot be used: maintainers.kernel.ava: .*'comaintainer'"),
        (b'[groups]\nsig = "ava"\n[maintainers]\na = 1', "maintainers.a: .*; groups.sig: "),
    ],
)
def test_toml_that_cannot_be_used_is_one_sentence_with_every_mistake(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "ownership.toml"
    path.write_bytes(content)
    with pytest.raises(LookupUnavailableError, match=reason) as raised:
        OwnershipFile(path).load()
    assert str(raised.value).startswith(f"ownership file {str(path)!r} ")
    assert "\n" not in str(raised.value)
    assert OwnershipFile(path).groups() == {}


@pytest.mark.parametrize(
    ("date", "packages"),
    [("2018-10-23", 20_000), ("2026-08-22", 25_000)],
)
def test_the_real_file_of_the_distribution(date: str, packages: int) -> None:
    path = CORPUS / f"pagure_owner_alias.{date}.json"
    if not path.exists():
        pytest.skip(f"no {path}: set FMN_CORPUS")
    published = json.loads(path.read_bytes())
    data = AliasFile(path).load()
    snapshot = lookups(data.maintainers)
    assert len(data.maintainers) > packages
    assert not any("orphan" in names for names in data.maintainers.values())
    assert snapshot.packages("@perl-sig"), "groups are known by their ending"
    for namespace, mark in (("rpms", ""), ("container", "containers/"), ("modules", "modules/")):
        for package, names in published[namespace].items():
            accounts = {name for name in names if name != "orphan" and not name.endswith("-sig")}
            assert accounts == {name for name in snapshot.owners(mark + package) if not name.startswith("@")}
