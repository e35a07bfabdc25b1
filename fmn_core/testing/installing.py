"""Installing: what makes a plugin discoverable in a test, without pip. Floor F4."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path


def install(distribution: Path, site: Path) -> None:
    """Make a plugin discoverable without pip: copy its packages to a folder, beside the metadata of ``pyproject.toml``.

    :param distribution: folder with ``pyproject.toml`` and the packages
    :param site: folder that is, or will be, on the import path
    """
    project = tomllib.loads((distribution / "pyproject.toml").read_text("utf-8"))["project"]
    for initial in distribution.glob("*/__init__.py"):
        shutil.copytree(initial.parent, site / initial.parent.name, ignore=shutil.ignore_patterns("__pycache__"))
    metadata = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", "utf-8"
    )
    lines: list[str] = []
    for group, entries in project.get("entry-points", {}).items():
        lines += [f"[{group}]", *(f"{name} = {target}" for name, target in entries.items())]
    (metadata / "entry_points.txt").write_text("\n".join(lines), "utf-8")
