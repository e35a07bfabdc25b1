"""The shape of the whole: floors, homes of libraries, and what plugins and pages may know. Read off the imports."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import fmn_core

ROOT = Path(__file__).parents[2]
CORE = ROOT / "fmn_core"
WEB = ROOT / "web" / "fmn_web"
DISTRIBUTIONS = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))

LONGEST_FILE, LONGEST_FUNCTION = 400, 50

#: library -> the only files or folders that import it at run time
HOMES = {
    "aiohttp": ["plugins/fmn_backend_sse"],
    "alembic": ["fmn_core/store"],
    "authlib": ["web"],
    "click": ["fmn_core/cli", "plugins"],
    "fedora_messaging": ["fmn_core/bench/counting.py", "fmn_core/bus.py", "fmn_core/callback.py"],
    "flask": ["web"],
    "flask_login": ["web"],
    "httpx": ["plugins/fmn_lookups_fedora"],
    "hypothesis": [],
    "jsonschema": ["fmn_core/validation.py"],
    "jsonschema_rs": ["fmn_core/validation.py"],
    "itsdangerous": ["fmn_core/signing.py"],
    "irc": ["plugins/fmn_backend_irc"],
    "pika": ["fmn_core/transport/amqp"],
    "prometheus_client": ["fmn_core/monitoring"],
    "pluggy": ["fmn_core/hookspecs.py", "fmn_core/offers.py"],
    "psycopg": ["fmn_core/store"],
    "pytest": ["fmn_core/pytest_plugin.py"],
    "re2": ["fmn_core/matching", "plugins/fmn_rules_generic"],
    "redis": ["fmn_core/bench/locked.py", "fmn_core/shelf", "plugins/fmn_backend_sse"],
    "sqlalchemy": ["fmn_core/store"],
    "stevedore": ["fmn_core/plugins.py"],
    "waitress": ["fmn_core/cli/web_.py", "web"],
}

#: within a floor: module -> the interfaces it implements and the plain modules it needs
SIDEWAYS = {
    "fmn_core": {
        "backends",
        "config",
        "defaults",
        "digests",
        "hookspecs",
        "lookups",
        "pacing",
        "reception",
        "rules",
        "samples",
        "summaries",
    },
    "fmn_core.backends": {"digests", "pacing", "reception"},
    "fmn_core.rules": {"lookups", "samples"},
    "fmn_core.defaults": {"rules"},
    "fmn_core.config": {"raw_settings"},
    "fmn_core.wire": {"codec"},
    "fmn_core.hookspecs": {"backends", "config", "defaults", "lookups", "rules", "summaries"},
    "fmn_core.plugins": {"offers", "schemas"},
    "fmn_core.snapshot": {"lookups"},
    "fmn_core.live_lookups": {"lookups", "snapshot"},
    "fmn_core.staleness": {"codec", "lookups"},
    "fmn_core.foresight": {"matching"},
    "fmn_core.following": {"herald", "matching"},
    "fmn_core.desk": {"retry"},
    "fmn_core.librarian": {"desk"},
    "fmn_core.logs": {"config"},
    "fmn_core.worker": {"following", "matching"},
    "fmn_core.clerk": {"errands"},
    "fmn_core.bookkeeper": {"matching", "worker"},
    "fmn_core.delivery": {"incident", "retry", "wanted"},
    "fmn_core.incident": {"retry"},
    "fmn_core.runner": {"incident", "signals"},
    "fmn_core.supervisor": {"incident", "runner", "signals"},
    "fmn_core.monitoring": {"app"},
    "fmn_core.bus": {"consumer", "incident"},
    "fmn_core.callback": {"app", "incident"},
    "fmn_core.validation": {"schemas"},
    "fmn_core.pytest_plugin": {"testing"},
    "fmn_core.bench": {"app", "demo"},
    "fmn_core.demo": {"app"},
    "fmn_core.cli": {"app", "bench", "demo", "monitoring"},
}

#: here the names of applications and backends stand in messages and people that are made up
MADE_UP = (CORE / "bench", CORE / "demo")

#: words that are no plugin's where they stand: OpenID calls a claim so
NO_PLUGIN = {CORE / "config.py": {"email"}}

#: what the pages may know of the core beside floors F0 and F1; only wsgi.py knows the assembly
WEB_MAY = ("fmn_core.store", "fmn_core.plugins", "fmn_core.matching", "fmn_core.asking", "fmn_core.foresight")


class Import(NamedTuple):
    """One import of a module: the dotted name, and whether it is there at run time."""

    name: str
    line: int
    at_run_time: bool


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def sources(*folders: Path) -> list[Path]:
    """Return what is shipped: no tests, no migrations of the database."""
    found = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    return [path for path in found if not {"tests", "build", ".tox"} & set(path.relative_to(ROOT).parts)]


def dotted(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(path: Path, root: Path = ROOT) -> tuple[Import, ...]:
    """Return everything a file imports, inside of functions too; relative names are made whole."""
    module = dotted(path, root)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    typing_only = {
        id(inner)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    found: list[Import] = []
    for node in ast.walk(tree(path)):
        at_run_time = id(node) not in typing_only
        if isinstance(node, ast.Import):
            found += [Import(alias.name, node.lineno, at_run_time) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found += [Import(f"{base}.{alias.name}", node.lineno, at_run_time) for alias in node.names]
    return tuple(found)


MODULES = {dotted(path, ROOT): path for path in sources(CORE)}


def core_module(name: str) -> str | None:
    """Return the module of the core that a dotted name is, or is in."""
    while name:
        if name in MODULES:
            return name
        name = name.rpartition(".")[0]
    return None


def floor(module: str) -> int:
    """Return the floor that a module states, or else its package."""
    stated = re.search(r"\bF([0-4])\b", ast.get_docstring(tree(MODULES[module])) or "")
    if stated:
        return int(stated[1])
    assert "." in module, f"{module} states no floor"
    return floor(module.rpartition(".")[0])


def test_the_page_shows_every_module_on_its_floor():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| F([0-4]) \w+ \| ([^|]*) \|", page, re.MULTILINE)
    shown = {name.rstrip("/"): int(number) for number, names in rows for name in re.findall(r"`([\w/]+)`", names)}
    assert shown == {unit(name): floor(name) for name in MODULES if name.count(".") == 1}


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module):
    home = ".".join(module.split(".")[:2])
    for found in imports(MODULES[module]):
        target = core_module(found.name)
        if target is None or unit(target) == unit(module):
            continue
        here, there = floor(module), floor(target)
        fine = there < here or (there == here and unit(target) in SIDEWAYS.get(home, ()))
        assert fine, f"{module} (F{here}) line {found.line} imports {target} (F{there})"


def unit(module: str) -> str:
    """Return what is one thing to the others: a module or a package right below ``fmn_core``."""
    return module.split(".")[1] if "." in module else ""


def test_sideways_imports_are_still_there():
    for importer, targets in SIDEWAYS.items():
        modules = [name for name in MODULES if unit(name) == unit(importer)]
        found = {unit(core_module(i.name) or "") for name in modules for i in imports(MODULES[name])}
        assert targets <= found, importer


@pytest.mark.parametrize("library", HOMES)
def test_each_library_has_its_home(library):
    homes = [ROOT / home for home in HOMES[library]]
    for path in sources(CORE, WEB.parent, *DISTRIBUTIONS):
        if not any(path.is_relative_to(home) for home in homes):
            strangers = [found.line for found in imports(path) if found.at_run_time and root_of(found) == library]
            assert not strangers, f"{path.relative_to(ROOT)} line {strangers[0]} imports {library}"


def root_of(found: Import) -> str:
    return found.name.partition(".")[0]


def plugin_names() -> set[str]:
    """Return the names of all plugins here, as packages and as entry points."""
    names = set()
    for distribution in DISTRIBUTIONS:
        project = tomllib.loads((distribution / "pyproject.toml").read_text("utf-8"))["project"]
        for entries in project["entry-points"].values():
            names |= entries.keys() | {target.partition(":")[0] for target in entries.values()}
        names.add(project["name"])
    return names


@pytest.mark.parametrize("path", sources(CORE, WEB.parent), ids=lambda path: str(path.relative_to(ROOT)))
def test_core_and_web_know_no_plugin(path):
    names = plugin_names()
    packages = {name for name in names if name.startswith(("fmn_", "fmn-"))}
    assert not {root_of(found) for found in imports(path)} & packages
    words = docstrings(path)
    strings = {
        node.value: node.lineno
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in words
    }
    forbidden = (
        packages if any(path.is_relative_to(folder) for folder in MADE_UP) else names - NO_PLUGIN.get(path, set())
    )
    named = {text: line for text, line in strings.items() if text in forbidden or any(p in text for p in packages)}
    assert not named, f"{path.relative_to(ROOT)} names plugins (text: line): {named}"


def docstrings(path: Path) -> set[int]:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [node.body for node in ast.walk(tree(path)) if isinstance(node, owners) and node.body]
    return {id(body[0].value) for body in bodies if isinstance(body[0], ast.Expr)}


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda path: path.name)
def test_plugins_import_only_the_public_face(distribution):
    for path in sources(distribution):
        for found in imports(path, distribution):
            if root_of(found) == "fmn_core":
                name = found.name.removeprefix("fmn_core.")
                assert name in fmn_core.__all__, f"{path.relative_to(ROOT)} line {found.line} imports {found.name}"


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda path: path.name)
def test_tests_of_plugins_import_only_the_public_face_and_the_test_helpers(distribution):
    for path in sorted((distribution / "tests").rglob("*.py")):
        for found in imports(path, distribution):
            if root_of(found) == "fmn_core" and not found.name.startswith("fmn_core.testing"):
                name = found.name.removeprefix("fmn_core.")
                assert name in fmn_core.__all__, f"{path.relative_to(ROOT)} line {found.line} imports {found.name}"


@pytest.mark.parametrize("path", sources(WEB.parent), ids=lambda path: path.name)
def test_pages_know_contracts_and_little_else(path):
    for found in imports(path, WEB.parent):
        target = core_module(found.name)
        if target is None or floor(target) <= 1 or target.startswith(WEB_MAY):
            continue
        assert path.name == "wsgi.py", f"{path.name} line {found.line} imports {target}"


EVERYTHING = [
    path
    for folder in ("fmn_core", "plugins", "web", "tests", "examples", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not {".tox", ".venv", "build"} & set(path.relative_to(ROOT).parts)
]


@pytest.mark.parametrize("path", EVERYTHING, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_short(path):
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_FILE
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= LONGEST_FUNCTION, f"{node.name} in line {node.lineno} has {lines} lines"


@pytest.mark.parametrize("path", EVERYTHING, ids=lambda path: str(path.relative_to(ROOT)))
def test_whatever_silences_a_checker_says_why(path):
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if re.search(r"# (noqa|type: ignore)\b", line):
            reason = re.search(r"# (noqa: [A-Z0-9, ]+ - |type: ignore\[[\w, -]+\]\s+# )\w", line)
            assert reason, f"line {number} silences a checker without a reason: {line.strip()}"
