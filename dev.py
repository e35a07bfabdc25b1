#!/usr/bin/env python3
"""Everything a newcomer types: ``python3 dev.py demo`` and ``python3 dev.py test``. Standard library only.

Makes a virtual environment in ``.venv``, installs the core, all plugins and the web pages into it (editable), and runs
what was asked for inside it. The second time nothing is installed unless a ``pyproject.toml`` has changed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
INSTALLED = VENV / "fmn-installed"
TESTED = ROOT / ".tox" / "fmn-tested"
PROJECTS = [ROOT, *sorted(p.parent for p in ROOT.glob("plugins/*/pyproject.toml")), ROOT / "web"]
TOOLS = ["tox>=4.21", "tox-uv!=1.37.7", "uv"]

USAGE = """usage: python3 dev.py COMMAND [ARGUMENT ...]

  demo [--once] [--json] [--dir DIR] [--port PORT]   run the demo: messages in, mail, IRC and live events out
  test [-e ENVIRONMENT] [-- PYTEST ARGUMENTS]        run the tests, types, style and docs checks through tox
  fmn ARGUMENT ...                                   any other command of fmn, for example: fmn rules

The first run makes the environment in .venv, which takes a minute."""


def fingerprint() -> str:
    """Return what the installation depends on, as a hash: the project files, the Python and this checkout's place."""
    digest = hashlib.sha256(f"{sys.version} {ROOT} {TOOLS}".encode())
    for project in PROJECTS:
        digest.update((project / "pyproject.toml").read_bytes())
    return digest.hexdigest()


def up_to_date(stamp: Path, mark: str) -> bool:
    """Tell whether what a stamp stands for was made from the same things."""
    return stamp.exists() and stamp.read_text() == mark


def environment() -> dict[str, str]:
    """Return the variables for child processes: uv trusts the certificates of the system, as pip does."""
    return {"UV_SYSTEM_CERTS": "1", **os.environ}


def run(*command: str | Path) -> None:
    """Run a step of the installation, or end with one sentence."""
    result = subprocess.run([str(part) for part in command], env=environment(), check=False)
    if result.returncode:
        sys.exit(f"dev.py: this step failed: {' '.join(map(str, command))}")


def refuse_early() -> None:
    """End with one sentence where no environment can be made."""
    if sys.version_info < (3, 11):
        sys.exit(f"dev.py: Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        sys.exit("dev.py: Python's venv module is missing; on Debian install it with: apt install python3-venv")


def install() -> None:
    """Bring ``.venv`` up to date with the project files, or do nothing if it is."""
    mark = fingerprint()
    if up_to_date(INSTALLED, mark):
        return
    refuse_early()
    print("making the environment in .venv, which takes a minute the first time", file=sys.stderr, flush=True)
    if not (BIN / "pip").exists():
        shutil.rmtree(VENV, ignore_errors=True)
        run(sys.executable, "-m", "venv", VENV)
    run(BIN / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *TOOLS)
    editable = [part for project in PROJECTS for part in ("--editable", str(project))]
    run(BIN / "uv", "pip", "install", "--quiet", "--python", BIN / "python", *editable)
    INSTALLED.write_text(mark)


def replace_process(command: list[str]) -> None:
    """Go on as another program, so that signals and the exit code are its own."""
    if os.name == "nt":
        sys.exit(subprocess.run(command, env=environment(), check=False).returncode)
    sys.stdout.flush()
    os.execve(command[0], command, environment())


def test(arguments: list[str]) -> None:
    """Run tox; environments made from older project files are made again, which tox itself would not notice."""
    mark = fingerprint()
    recreate = [] if up_to_date(TESTED, mark) else ["--recreate"]
    TESTED.parent.mkdir(exist_ok=True)
    TESTED.write_text(mark)
    os.chdir(ROOT)
    replace_process([str(BIN / "tox"), "run", *recreate, *arguments])


def main(arguments: list[str]) -> None:
    """Do what the first argument says, from where the caller stands: files are named relative to there."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if command not in ("demo", "test", "fmn"):
        print(USAGE)
        sys.exit(0 if command in ("help", "--help", "-h") else 2)
    install()
    if command == "test":
        test(rest)
    else:
        replace_process([str(BIN / "fmn"), *(["demo"] if command == "demo" else []), *rest])


if __name__ == "__main__":
    main(sys.argv[1:])
