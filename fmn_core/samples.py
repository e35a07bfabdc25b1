"""Samples: messages written for a plugin that its rules must and must not match. Tests, documentation and UI read them.

Floor F1. A plugin ships them as ``samples.json`` inside its package: a list of objects with the fields of
:class:`Sample`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Sample:
    """One message with what is true of it.

    :param title: what the message is, for people
    :param message: a bus message in the form of fedora-messaging: ``id, topic, headers, body``
    :param matches: rule identifier -> lists of arguments with each of which it must match
    :param misses: rule identifier -> lists of arguments with each of which it must not match
    :param facts: facts that the plugin's summary must derive, by name
    :param lookups: ``maintainers`` (package -> name -> role) and ``groups``, for rules that ask
    """

    title: str
    message: Mapping[str, Any]
    matches: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    misses: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    lookups: Mapping[str, Any] = field(default_factory=dict)

    def speaks_of(self, rule: str) -> bool:
        """Tell whether the sample is one of a rule's."""
        return rule in self.matches or rule in self.misses


def load_samples(package: str) -> tuple[Sample, ...]:
    """Read the samples that a package ships.

    :param package: import name of the package that holds ``samples.json``
    """
    return tuple(Sample(**row) for row in json.loads(files(package).joinpath("samples.json").read_text("utf-8")))
