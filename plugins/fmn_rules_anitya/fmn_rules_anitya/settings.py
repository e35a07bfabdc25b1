"""The plugin's own part of the configuration, ``[plugin.anitya]``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fmn_core import Section

#: where Anitya announces new releases, in the form of 2014 and in today's. Each release comes in both
VERSION_TOPICS = {"v1": "anitya.project.version.update", "v2": "anitya.project.version.update.v2"}


class AnityaSettings(Section):
    """``[plugin.anitya]``.

    :param version_update: which of the two messages about a new release the rules follow; never both, or everything
        would come twice
    :param accounts: mail address -> account, for people who log in to Anitya with an address
    """

    version_update: Literal["v1", "v2"] = "v1"
    accounts: dict[str, str] = Field(default_factory=dict)

    @property
    def version_topic(self) -> str:
        """The end of the topic of new releases."""
        return VERSION_TOPICS[self.version_update]
