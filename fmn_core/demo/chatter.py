"""What applications without a plugin say meanwhile; their messages show the fallback. Floor F4."""

from __future__ import annotations

import random

from .events import Event


def _pull_request(rng: random.Random, package: str, person: str) -> Event:
    request = {"id": rng.randrange(2, 90), "branch": "rawhide", "title": f"Update {package}", "status": "Open"}
    return "pagure.pull-request.new", {"agent": person, "pullrequest": request | {"project": {"name": package}}}


def _commit(rng: random.Random, package: str, person: str) -> Event:
    commit = {"repo": package, "namespace": "rpms", "branch": "rawhide", "rev": f"{rng.getrandbits(160):040x}"}
    return "git.receive", {"commit": commit | {"username": person, "summary": f"Rebuild {package}"}}


def _comment(rng: random.Random, package: str, person: str) -> Event:
    comment = {"author": person, "karma": rng.choice((-1, 0, 1, 1)), "text": "Tried on my machine."}
    return "bodhi.update.comment", {"agent": person, "comment": comment | {"update_title": f"{package}-1-1.fc43"}}


def _meeting(rng: random.Random, package: str, person: str) -> Event:
    return "meetbot.meeting.start", {"owner": person, "channel": "#demo-meeting", "attendees": {person: 1}}


def _copr(rng: random.Random, package: str, person: str) -> Event:
    build = {"build": rng.randrange(8000, 9000), "pkg": package, "status": rng.choice((0, 1, 1)), "user": person}
    return "copr.build.end", build | {"copr": f"{package}-nightly", "chroot": "fedora-rawhide-x86_64"}


def _playbook(rng: random.Random, package: str, person: str) -> Event:
    return "ansible.playbook.complete", {"userid": person, "playbook": "groups/demo.yml", "results": {}}


KINDS = (_pull_request, _commit, _commit, _comment, _comment, _meeting, _copr, _playbook)


def chatter(rng: random.Random, package: str, person: str) -> Event:
    """Return something that some other application says of a package or a person."""
    return rng.choice(KINDS)(rng, package, person)
