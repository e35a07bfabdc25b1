"""Facts of Trac messages, of which a rule reads the link. The service is closed: history only."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from fmn_core import Message, Summary, dig

COMMIT_URL = "https://git.fedorahosted.org/cgit/{repository}/commit/?id={revision}"
#: where the repositories were on the server that sent the messages
REPOSITORIES = "/srv/git/"


class TracSummary(Summary):
    """Tickets, wiki pages and commits of projects on fedorahosted.org."""

    apps = ("trac",)

    def summary(self, message: Message) -> str:
        """See :meth:`Summary.summary`."""
        *_, what, done = message.topic.split(".")
        place = dig(message.body, "instance", "project_name") or message.body["commit"]["repo"]
        who = self.agent(message) or "somebody"
        return f"{who}: {_thing(message)} in {place} ({what} {done})"

    def url(self, message: Message) -> str | None:
        """See :meth:`Summary.url`."""
        commit = message.body.get("commit")
        if commit:
            path = commit.get("path", "").removeprefix(REPOSITORIES) or f"{commit['repo']}.git"
            return COMMIT_URL.format(repository=path, revision=commit["rev"])
        base = message.body["instance"]["base_url"].rstrip("/")
        if "ticket" in message.body:
            return f"{base}/ticket/{message.body['ticket']['id']}"
        return f"{base}/wiki/{quote(message.body['page']['name'])}"

    def agent(self, message: Message) -> str | None:
        """See :meth:`Summary.agent`."""
        agent = message.body.get("agent") or dig(message.body, "commit", "agent")
        return agent if isinstance(agent, str) else None

    def usernames(self, message: Message) -> Iterable[str]:
        """See :meth:`Summary.usernames`."""
        agent = self.agent(message)
        return [agent] if agent else []

    def thread(self, message: Message) -> str:
        """See :meth:`Summary.thread`."""
        return f"trac/{self.url(message)}"


def _thing(message: Message) -> str:
    if "ticket" in message.body:
        ticket = message.body["ticket"]
        return f"ticket #{ticket['id']} “{ticket['summary']}”"
    if "page" in message.body:
        return f"wiki page “{message.body['page']['name']}”"
    return f"commit “{message.body['commit']['summary']}”"
