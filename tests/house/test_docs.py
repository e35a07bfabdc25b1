"""The pages against the code: hooks, commands, settings, snippets, docstrings, and the samples of every rule."""

import ast
import importlib
import importlib.util
import inspect
import json
import pkgutil
import re
import runpy
from pathlib import Path

import pytest
from pydantic import BaseModel

import fmn_core
from fmn_core import hookspecs
from fmn_core.config import Settings, load_settings
from fmn_core.offers import KINDS
from fmn_core.plugins import BACKENDS, RULES, load_plugins
from fmn_core.testing import check_facts, check_rule, check_summary, install

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
HIDDEN = {".venv", ".tox", ".pytest_cache"}
HOOKS = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("fmn_")}
REGISTRY = load_plugins(Settings(), [RULES])


def blocks(page: Path, language: str) -> list[tuple[int, str]]:
    """Return the fenced blocks of a language, each with its line."""
    text = page.read_text("utf-8")
    found = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(text[: match.start()].count("\n") + 2, match[1]) for match in found]


def all_blocks(language: str) -> list:
    return [pytest.param(block, id=f"{page.name}:{line}") for page in PAGES for line, block in blocks(page, language)]


# Hooks.


def test_every_hook_is_one_that_is_called():
    assert set(HOOKS) == {kind.hook for kind in KINDS}


@pytest.mark.parametrize("name", HOOKS)
def test_hook_is_documented_under_its_signature(name):
    signature = str(inspect.signature(HOOKS[name])).replace("'", "")
    assert f"## `{name}{signature}`" in (DOCS / "hooks.md").read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", HOOKS)
def test_hook_says_when_what_and_where(name):
    text = inspect.getdoc(HOOKS[name])
    for part in ("Called once", ":returns:", "If it raises", "Example", "versionadded"):
        assert part in text, part
    for argument in inspect.signature(HOOKS[name]).parameters:
        assert f":param {argument}:" in text


@pytest.mark.parametrize("name", HOOKS)
def test_hook_has_a_test_and_an_implementation_of_ours(name):
    assert f"def test_hook_{name}(" in (ROOT / "tests" / "test_plugins.py").read_text("utf-8")
    assert [path for path in (ROOT / "plugins").glob("*/fmn_*/*.py") if implements(path, name)]


def implements(path: Path, hook: str) -> bool:
    functions = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)]
    return any(f.name == hook and "hookimpl" in map(ast.unparse, f.decorator_list) for f in functions)


# Pages.


def test_the_page_of_commands_is_what_they_say():
    page = runpy.run_path(str(DOCS / "write_cli.py"))["page"]()
    assert (DOCS / "cli.md").read_text("utf-8") == page, "run: python docs/write_cli.py"


def shipped_texts() -> list[str]:
    folders = [ROOT / "examples", ROOT / "plugins"]
    return [
        path.read_text("utf-8")
        for folder in folders
        for pattern in ("*.py", "*.json", "pyproject.toml")
        for path in folder.rglob(pattern)
    ]


@pytest.mark.parametrize("block", [*all_blocks("python"), *all_blocks("json")])
def test_snippets_come_from_tested_files(block):
    assert any(block in text for text in shipped_texts())


@pytest.mark.parametrize("block", all_blocks("toml"))
def test_configurations_load(block, tmp_path):
    if block.startswith("[project]"):
        assert any(block in text for text in shipped_texts())
        return
    path = tmp_path / "fmn.toml"
    path.write_text(block, "utf-8")
    assert load_settings(path, {}) != Settings()


def sections(model: type[BaseModel], heading: str = "Top level") -> list:
    """Return the settings of a model and the models in it: heading, name and default."""
    found = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += sections(field.annotation, f"`[{name}]`")
        elif name != "plugin":
            default = field.default if isinstance(field.default, int | float | tuple) else str(field.default)
            found.append((heading, name, json.dumps(default)))
    return found


@pytest.mark.parametrize(("heading", "name", "default"), sections(Settings))
def test_every_setting_is_documented(heading, name, default):
    chapters = re.split(r"^## ", (DOCS / "configuration.md").read_text("utf-8"), flags=re.MULTILINE)
    (chapter,) = [chapter for chapter in chapters if chapter.startswith(heading + "\n")]
    assert f"| `{name}` | `{default}` |" in chapter


READMES = [ROOT / "README.md", *(path for path in sorted(ROOT.glob("*/**/README.md")) if not set(path.parts) & HIDDEN)]


@pytest.mark.parametrize("page", [*PAGES, *READMES], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


# Docstrings.


def modules(package: str) -> list[str]:
    found = importlib.util.find_spec(package)
    if found is None or found.submodule_search_locations is None:
        return []
    inner = pkgutil.walk_packages(found.submodule_search_locations, package + ".")
    return [package, *(module.name for module in inner if ".migrations" not in module.name)]


PACKAGES = ["fmn_core", "fmn_web", *(path.parent.name for path in ROOT.glob("plugins/*/fmn_*/__init__.py"))]


@pytest.mark.parametrize("name", [name for package in PACKAGES for name in modules(package)])
def test_public_names_have_docstrings(name):
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} does not say what it is for"
    bare = []
    for path, thing in public(module):
        text = inspect.getdoc(thing) or ""
        if not text or text.startswith(f"{path}("):
            bare.append(path)
    assert not bare


def public(module) -> list:
    """Return the public classes, functions and methods that a module defines; overrides inherit their docstring."""
    own = [
        (name, thing)
        for name, thing in vars(module).items()
        if not name.startswith("_") and getattr(thing, "__module__", None) == module.__name__ and callable(thing)
        and (inspect.isclass(thing) or inspect.isfunction(thing))
    ]  # fmt: skip
    methods = [
        (f"{name}.{inner}", getattr(thing, inner))
        for name, thing in own
        if inspect.isclass(thing) and not getattr(thing, "_is_protocol", False)
        for inner, value in vars(thing).items()
        if not inner.startswith("_") and (inspect.isfunction(value) or isinstance(value, property))
    ]
    return own + methods


def test_everything_that_plugins_import_is_there():
    assert all(hasattr(fmn_core, name) for name in fmn_core.__all__)


# What the rules say of themselves.


@pytest.mark.parametrize("rule", REGISTRY.rules, ids=lambda rule: rule.identifier)
def test_every_installed_rule_keeps_its_contract(rule):
    check_rule(rule, summaries=REGISTRY.summaries)
    for sample in rule.samples:
        check_facts(sample, REGISTRY.summaries)


def test_the_example_keeps_its_contract(example):
    registry = load_plugins(Settings(), [RULES])
    rules = [rule for rule in registry.rules if registry.rules.plugin_of(rule.identifier) == "example"]
    assert len(rules) == 3
    for rule in rules:
        check_rule(rule, summaries=registry.summaries)
        for sample in rule.samples:
            check_summary(registry.summaries.summary_for(sample.message["topic"]), [sample])


def test_the_example_of_a_backend_is_offered(site):
    install(ROOT / "examples" / "fmn_backend_example", site)
    registry = load_plugins(Settings(), [BACKENDS])
    assert registry.backends["webhook"].title == "Webhook"


# Metrics.


def test_the_page_lists_every_metric_and_no_other():
    from fmn_core.monitoring.metrics import METRICS

    page = (DOCS / "operation.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| (\w+): ([^|]+) \|$", page, re.MULTILINE)
    told = [(name, tuple(re.findall(r"`(\w+)`", labels)), kind, meaning) for name, labels, kind, meaning in rows]
    assert told == [(m.name, m.labels, m.kind.name.lower(), m.meaning) for m in METRICS.values()]
    assert set(re.findall(r"`(fmn_\w+)`", page)) <= set(METRICS)
