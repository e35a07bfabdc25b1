"""What each application says: topic and body of every kind of event in the demo, in the forms the bus has. Floor F4.

Names of packages are well known, everybody and everything else is invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: topic without its prefix, and body
Event = tuple[str, dict[str, Any]]

#: states of a Koji build in the numbers of its messages
BUILDING, COMPLETE, FAILED, CANCELLED = 0, 1, 3, 4


@dataclass(frozen=True)
class Build:
    """A build of a package.

    :param owner: who started it
    """

    id: int
    package: str
    version: str
    release: str
    owner: str

    def fields(self) -> dict[str, Any]:
        """Return what every Koji message about a build carries."""
        return {
            "name": self.package, "version": self.version, "release": self.release,
            "owner": self.owner, "build_id": self.id, "instance": "primary",
        }  # fmt: skip


def build_state(build: Build, old: int | None, new: int) -> Event:
    """Return Koji's word that a build changed its state."""
    state = {"attribute": "state", "old": old, "new": new, "task_id": build.id * 3}
    return "buildsys.build.state.change", build.fields() | state


def tagged(build: Build, tag: str) -> Event:
    """Return Koji's word that a build was tagged."""
    return "buildsys.tag", build.fields() | {"tag": tag, "tag_id": 700, "user": "autotagger"}


def repository(event: str, tag: str, number: int) -> Event:
    """Return Koji's word on the regeneration of a repository; the event is ``init`` or ``done``."""
    return f"buildsys.repo.{event}", {"tag": tag, "tag_id": 701, "repo_id": number, "instance": "primary"}


def scratch(build: Build, old: str, new: str) -> Event:
    """Return Koji's word that a scratch build changed its state."""
    source = f"{build.package}-{build.version}-{build.release}.src.rpm"
    return "buildsys.task.state.change", {
        "attribute": "state", "old": old, "new": new, "method": "build", "owner": build.owner, "id": build.id * 3,
        "srpm": source, "info": {"request": [source, "rawhide", {"scratch": True}]}, "instance": "primary",
    }  # fmt: skip


def new_version(package: str, number: int, old: str, new: str, distribution: str = "Fedora") -> Event:
    """Return Anitya's word that upstream made a release."""
    project = {"id": number, "name": package, "homepage": f"https://{package}.example.org/", "version": new}
    return "anitya.project.version.update", {
        "project": project,
        "distro": None,
        "message": {
            "agent": "anitya", "old_version": old, "upstream_version": new, "odd_change": False,
            "packages": [{"package_name": package, "distro": distribution}], "versions": [new, old],
        },
    }  # fmt: skip


def _package(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": "rpms", "status": "Approved", "summary": f"What {name} does, in a line"}


def _branch(name: str) -> dict[str, Any]:
    return {"name": "Fedora", "branchname": name, "version": name.removeprefix("f"), "status": "Active"}


def new_package_requested(agent: str, package: str, branch: str) -> Event:
    """Return pkgdb's word that somebody asks for a package to be created."""
    info = {"pkg_name": package, "pkg_summary": f"What {package} does, in a line"}
    return "pkgdb.package.new.request", {
        "agent": agent, "info": info, "collection": _branch(branch), "package": None,
    }  # fmt: skip


def branch_requested(agent: str, package: str, branch: str) -> Event:
    """Return pkgdb's word that somebody asks for a branch of a package."""
    return "pkgdb.package.branch.request", {
        "agent": agent, "package": _package(package), "collection_to": _branch(branch),
    }  # fmt: skip


def access(agent: str, package: str, branch: str, right: str, status: str) -> Event:
    """Return pkgdb's word that a right to a package was asked for ("Awaiting Review") or decided."""
    listing = {"package": _package(package), "collection": _branch(branch), "point_of_contact": agent}
    return "pkgdb.acl.update", {
        "agent": agent, "username": agent, "acl": right, "status": status, "previous_status": "",
        "package_name": package, "package_listing": listing,
    }  # fmt: skip


def request_decided(agent: str, package: str, branch: str, number: int, status: str) -> Event:
    """Return pkgdb's word that an administrator decided on a request."""
    return "pkgdb.admin.action.status.update", {
        "agent": agent, "old_status": "Awaiting Review", "new_status": status,
        "action": {
            "id": number, "action": "request.branch", "status": status, "user": "petra", "message": None,
            "collection": _branch(branch), "package": _package(package),
        },
    }  # fmt: skip


def package_described(agent: str, package: str) -> Event:
    """Return pkgdb's word that the description of a package changed."""
    return "pkgdb.package.update", {"agent": agent, "package": _package(package), "fields": ["summary"]}
