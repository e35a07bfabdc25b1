"""Ownership from a file, and everything that can be wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmn_core import ConfigError, LookupSource, LookupUnavailableError, Settings
from fmn_rules_generic import fmn_register_lookups
from fmn_rules_generic.files import OwnershipFile

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
def ownership(tmp_path: Path) -> Path:
    path = tmp_path / "ownership.toml"
    path.write_text(OWNERSHIP)
    return path


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


def test_the_setting_that_has_moved_says_where_to(tmp_path: Path) -> None:
    told = r"plugin\.generic\.owner_alias: has moved: install fmn-lookups-fedora and set alias in \[plugin\.fedora\]"
    with pytest.raises(ConfigError, match=told):
        registered(tmp_path, owner_alias="aliases.json")


def test_the_mark_is_another_once_the_file_has_changed(ownership: Path) -> None:
    source = OwnershipFile(ownership)
    before = source.mark()
    assert source.mark() == before
    ownership.write_text(OWNERSHIP + "\n")
    assert source.mark() != before


def test_unknown_settings_are_mistakes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'plugin\.generic\.ownership'"):
        registered(tmp_path, ownershp="x")


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
