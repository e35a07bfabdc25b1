"""Raw settings: what file and environment say, before anybody has looked whether it makes sense. Floor F1."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import ConfigError

#: ``FMN__STORE__URL`` sets ``url`` in ``[store]``
ENVIRONMENT_PREFIX = "FMN__"


def read(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    :raises ConfigError: saying why it cannot be read
    """
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        problem = "there is no such file"
    except OSError as error:
        problem = f"it cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        problem = f"it is no UTF-8 at byte {error.start + 1}"
    except tomllib.TOMLDecodeError as error:
        problem = str(error)
    raise ConfigError(f"configuration {path}", [problem])


def overlay(raw: dict[str, Any], environment: Mapping[str, str]) -> None:
    """Let the environment win.

    :raises ConfigError: if it names a section where there is a setting
    """
    for variable, value in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX):
            continue
        *sections, key = variable.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        place = raw
        for section in sections:
            place = place.setdefault(section, {})
            if not isinstance(place, dict):
                raise ConfigError("the environment", [f"{variable} goes into {section!r}, which is no section"])
        place[key] = value
