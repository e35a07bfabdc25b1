"""Which messages make which packages and groups stale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fmn_core import Settings, Stale
from fmn_core.testing import message
from fmn_lookups_fedora import fmn_register_lookups
from fmn_lookups_fedora.stale import fas_groups, pagure_packages, pkgdb_packages

PROJECT = {"name": "teapot", "namespace": "rpms", "fullname": "rpms/teapot", "parent": None}
FORK = {**PROJECT, "fullname": "forks/ava/rpms/teapot", "parent": PROJECT}
LISTING = {"package": {"name": "teapot", "namespace": "rpms"}, "collection": {"branchname": "master"}}


def project(**changes: Any) -> dict[str, Any]:
    return {"agent": "ava", "project": {**PROJECT, **changes}}


@pytest.mark.parametrize(
    ("topic", "body", "packages"),
    [
        ("pagure.project.new", project(), {"teapot"}),
        ("pagure.project.edit", {**project(), "fields": ["description"]}, {"teapot"}),
        ("pagure.project.deleted", project(), {"teapot"}),
        ("pagure.project.user.added", {**project(), "new_user": "mei", "access": "commit"}, {"teapot"}),
        ("pagure.project.user.removed", {**project(), "removed_user": "mei"}, {"teapot"}),
        ("pagure.project.user.access.updated", {**project(), "new_access": "owner"}, {"teapot"}),
        ("pagure.project.group.added", {**project(), "new_group": "tea-sig"}, {"teapot"}),
        ("pagure.project.group.removed", {**project(), "removed_groups": ["tea-sig"]}, {"teapot"}),
        ("pagure.project.group.access.updated", {**project(), "new_group": "tea-sig"}, {"teapot"}),
        ("pagure.project.orphan", project(), {"teapot"}),
        ("pagure.package.adopt", project(), {"teapot"}),
        ("pagure.project.edit", project(namespace="modules"), {"modules/teapot"}),
        ("pagure.project.edit", project(namespace="container"), {"containers/teapot"}),
        ("pagure.project.forked", {"project": FORK}, set()),
        ("pagure.project.edit", {"project": FORK}, set()),
        ("pagure.project.tag.edited", project(), set()),
        ("pagure.pull-request.new", {"pullrequest": {"project": PROJECT}}, set()),
        ("pagure.git.receive", {"repo": PROJECT}, set()),
        ("io.pagure.prod.pagure.project.edit", project(), set()),
        ("pagure.project.edit", project(namespace=None), set()),
        ("pagure.project.edit", project(name=None), set()),
        ("pagure.project.edit", project(name=["teapot"]), set()),
        ("pagure.project.edit", project(name="a/b"), set()),
        ("pagure.project.edit", {"project": "teapot"}, set()),
        ("pagure.project.edit", {}, set()),
        ("pagure", project(), set()),
    ],
)
def test_messages_of_dist_gits_pagure(topic: str, body: dict[str, Any], packages: set[str]) -> None:
    assert pagure_packages(message(topic, body)) == packages


@pytest.mark.parametrize(
    ("topic", "body", "packages"),
    [
        ("pkgdb.owner.update", {"package_listing": LISTING}, {"teapot"}),
        ("pkgdb.acl.update", {"package_name": "teapot", "package_listing": LISTING}, {"teapot"}),
        ("pkgdb.acl.update", {"package_listing": {"package": {"name": "php-zmq"}}}, {"php-zmq"}),
        ("pkgdb.acl.delete", {"acl": {"packagelist": LISTING}}, {"teapot"}),
        ("pkgdb.package.new", {"package_listing": LISTING}, {"teapot"}),
        ("pkgdb.package.update", {"package": "php-zmq"}, {"php-zmq"}),
        ("pkgdb.package.update", {"package": {"name": "guake"}, "fields": ["summary"]}, {"guake"}),
        ("pkgdb.package.update.status", {"package_listing": LISTING}, {"teapot"}),
        ("pkgdb.package.retire", {"package_listing": LISTING}, {"teapot"}),
        ("pkgdb.package.delete", {"package": {"name": "pipelight"}}, {"pipelight"}),
        ("pkgdb.package.branch.new", {"package": {"name": "R", "namespace": "docker"}}, {"containers/R"}),
        ("pkgdb.package.branch.delete", {"package_listings": [LISTING, {"package": {"name": "x"}}]}, {"teapot", "x"}),
        ("pkgdb.acl.request.toggle", {"package_listing": LISTING}, set()),
        ("pkgdb.package.new.request", {"package": {"name": "teapot"}}, set()),
        ("pkgdb.package.critpath.update", {"package": {"name": "teapot"}}, set()),
        ("pkgdb.package.monitor.update", {"package": {"name": "teapot"}}, set()),
        ("pkgdb.package.koschei.update", {"package": {"name": "teapot"}}, set()),
        ("pkgdb.branch.complete", {"collection_to": {}}, set()),
        ("pkgdb.collection.new", {"package_listing": LISTING}, set()),
        ("pkgdb.acl.update", {"package_listing": "teapot", "package": 3, "acl": "commit"}, set()),
        ("pkgdb.acl.update", {"package_listings": {"a": 1}, "package": ["teapot"]}, set()),
        ("pkgdb.acl.update", {}, set()),
    ],
)
def test_messages_of_pkgdb(topic: str, body: dict[str, Any], packages: set[str]) -> None:
    assert pkgdb_packages(message(topic, body)) == packages


@pytest.mark.parametrize(
    ("topic", "body", "groups"),
    [
        ("fas.group.member.sponsor", {"agent": "ava", "group": "tea-sig", "user": "mei"}, {"tea-sig"}),
        ("fas.group.member.sponsor", {"group": {"name": "tea-sig"}, "user": {"username": "mei"}}, {"tea-sig"}),
        ("fas.group.member.sponsor", {"msg": {"agent": "ava", "group": "tea-sig", "user": "mei"}}, {"tea-sig"}),
        ("fas.group.member.remove", {"group": "tea-sig", "user": "mei"}, {"tea-sig"}),
        ("fas.group.create", {"group": "tea-sig"}, {"tea-sig"}),
        ("fas.group.member.apply", {"group": "tea-sig", "user": "mei"}, set()),
        ("fas.group.update", {"group": "tea-sig", "fields": ["display_name"]}, set()),
        ("fas.role.update", {"group": {"name": "tea-sig"}}, set()),
        ("fas.user.create", {"msg": {"agent": "ava", "user": "ava"}}, set()),
        ("fas.group.member.remove", {"group": ["tea-sig"]}, set()),
        ("fas.group.member.remove", {"group": {}, "msg": "x"}, set()),
        ("fas.group.member.remove", {"msg": None}, set()),
    ],
)
def test_messages_of_the_account_systems(topic: str, body: dict[str, Any], groups: set[str]) -> None:
    assert fas_groups(message(topic, body)) == groups


def test_each_source_answers_for_its_application(tmp_path: Path) -> None:
    section = {
        "distgit": "https://src.example.org",
        "pkgdb": "https://pkgdb.example.org",
        "fasjson": "https://fasjson.example.org",
        "fasjson_groups": ["tea-sig"],
    }
    settings = Settings.model_validate({"data_dir": tmp_path, "plugin": {"fedora": section}})
    groups, distgit, pkgdb = fmn_register_lookups(settings)
    assert [set(source.stale_apps) for source in (groups, distgit, pkgdb)] == [{"fas"}, {"pagure"}, {"pkgdb"}]
    assert groups.stale(message("fas.group.create", {"group": "tea-sig"})) == Stale(groups=frozenset({"tea-sig"}))
    assert not groups.stale(message("fas.group.create", {"group": "other"}))
    assert distgit.stale(message("pagure.project.new", project())) == Stale(frozenset({"teapot"}))
    assert pkgdb.stale(message("pkgdb.acl.update", {"package": "teapot"})) == Stale(frozenset({"teapot"}))
