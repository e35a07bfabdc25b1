"""Plugins: each hook once as it should be, and each way to be broken with what is left of the others."""

import importlib
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fmn_core import Settings
from fmn_core.config import PluginsSettings
from fmn_core.errors import ConfigError, UnknownNameError
from fmn_core.plugins import BACKENDS, GROUPS, RULES, PluginInfo, load_plugins
from fmn_core.summaries import FALLBACK
from fmn_core.testing import install, message

BROKEN = Path(__file__).parent / "plugins"

#: folder -> plugin -> part of the reason; no reason for one that is sound
WAYS = {
    "assertion_error": {"assertion_error": "cannot be imported: AssertionError: a week has seven days"},
    "duplicate_backend": {
        "backend_first": "",
        "backend_second": "backend 'pigeon' is already offered by backend_first",
    },
    "duplicate_command": {"duplicate_command": "command 'run' is already offered by fmn itself"},
    "duplicate_name": {
        "same_name": "plugin 'same_name' is already offered by fmn-broken-duplicate-name in fmn.backends"
    },
    "duplicate_rule": {"rule_first": "", "rule_second": "rule 'twice_offered' is already offered by rule_first"},
    "hook_exits": {"hook_exits": "fmn_register_lookups raised SystemExit: no flour"},
    "hook_raises": {"hook_raises": "fmn_register_default_filters raised ValueError: no flour"},
    "import_error": {"import_error": "cannot be imported: ModuleNotFoundError: No module named 'fmn_library_that_is"},
    "missing_object": {"missing_object": "cannot be imported: AttributeError: "},
    "nameless_backend": {"nameless_backend": "fmn_register_backends returned a backend without name"},
    "no_hook": {"no_hook": "implements no hook: is @hookimpl missing?"},
    "returns_none": {"returns_none": "fmn_register_rules returned None, expected a list"},
    "returns_strangers": {"returns_strangers": "an object of type 'str', expected only rule objects"},
    "rule_raises": {"rule_raises": ""},
    "system_exit": {"system_exit": "cannot be imported: SystemExit: 3"},
    "unknown_hook": {"unknown_hook": "no hook is named 'fmn_register_rulez'; did you mean 'fmn_register_rules'"},
    "wrong_section": {"wrong_section": "section [plugin.wrong_section] has a mistake: plugin.wrong_section.heat"},
    "wrong_signature": {"wrong_signature": "Argument(s) {'database'} are declared in the hookimpl but can not be"},
}


@pytest.fixture
def written(site):
    """Load one plugin, ``written``, from its source alone."""

    def load(source: str, group: str = RULES, **settings):
        project = site.parent / "project"
        (project / "written").mkdir(parents=True)
        (project / "written" / "__init__.py").write_text("from fmn_core import *\n" + source, "utf-8")
        (project / "pyproject.toml").write_text(
            f'[project]\nname="written"\nversion="2"\n[project.entry-points."{group}"]\nwritten="written"\n',
            "utf-8",
        )
        install(project, site)
        return load_plugins(Settings(plugins=PluginsSettings(enabled=("written",)), **settings))

    return load


def info(registry, name="written") -> PluginInfo:
    return next(plugin for plugin in registry.plugins if plugin.name == name and plugin.status != "disabled")


def only(*names) -> Settings:
    return Settings(plugins=PluginsSettings(enabled=names))


# Every hook, used as it should be.


def test_hook_fmn_register_rules(written):
    registry = written("""
@hookimpl
def fmn_register_rules(settings):
    return [app_rule("written_" + settings.base_url, "oven", "Anything from the oven")]
""", base_url="here")  # fmt: skip
    assert info(registry) == PluginInfo("written", RULES, "written", "2", "sound")
    assert [rule.identifier for rule in registry.rules] == ["written_here"]
    assert registry.rules.plugin_of("written_here") == "written"


def test_hook_fmn_register_summaries(written):
    registry = written("""
class Oven(Summary):
    apps = ("oven",)
    def summary(self, message):
        return "something is in the oven"

@hookimpl
def fmn_register_summaries():
    return (Oven(),)
""")
    assert registry.summaries.describe(message("oven.on")).facts.summary == "something is in the oven"
    assert registry.summaries.describe(message("pan.on")).facts.summary == FALLBACK.summary(message("pan.on"))


def test_hook_fmn_register_lookups(written):
    registry = written("""
class Shelf(LookupSource):
    name = "shelf"
    def load(self):
        return LookupData(groups={"bakers": ["nela"]})

@hookimpl
def fmn_register_lookups(settings):
    return [Shelf()]
""")
    assert [source.load().groups for source in registry.lookup_sources] == [{"bakers": ["nela"]}]


def test_hook_fmn_register_backends(written):
    registry = written("""
class Pigeon(Backend):
    name = "pigeon"
    def deliver(self, notification):
        pass

@hookimpl
def fmn_register_backends(settings):
    yield Pigeon()
""", group=BACKENDS)  # fmt: skip
    assert registry.backend("pigeon").name == "pigeon"
    with pytest.raises(UnknownNameError, match="no backend is named 'pidgin'; did you mean 'pigeon'"):
        registry.backend("pidgin")


def test_hook_fmn_register_default_filters(written):
    registry = written("""
@hookimpl
def fmn_register_default_filters():
    return [DefaultFilter("mine", "Mine", (RuleUse("user_filter"),)), Exclusion("noise")]
""")
    assert [getattr(default, "name", None) or default.rule for default in registry.defaults] == ["Mine", "noise"]


def test_hook_fmn_register_commands(written):
    registry = written("""
import click

@hookimpl
def fmn_register_commands():
    return [click.Command("bake")]
""")
    assert [command.name for command in registry.commands] == ["bake"]


# Every way to be broken.


def test_each_way_has_its_folder():
    assert set(WAYS) == {path.parent.name for path in BROKEN.glob("*/pyproject.toml")}


@pytest.mark.parametrize("way", WAYS)
def test_broken_alone(site, way):
    install(BROKEN / way, site)
    registry = load_plugins(only(*WAYS[way]))
    for name, reason in WAYS[way].items():
        found = [plugin for plugin in registry.plugins if plugin.name == name and plugin.reason]
        assert [plugin.status for plugin in found] == (["broken"] if reason else [])
        assert all(reason in plugin.reason and "\n" not in plugin.reason for plugin in found)
        assert all(plugin.distribution.startswith("fmn-broken-") and plugin.version == "1.0" for plugin in found)


def test_broken_all_together_leave_the_sound_ones_alone(example):
    before = load_plugins(Settings())
    for way in WAYS:
        install(BROKEN / way, example)
    after = load_plugins(Settings())
    assert {p for p in before.plugins if p.status == "sound"} <= set(after.plugins)
    broken = {plugin.name for plugin in after.plugins if plugin.status == "broken"}
    assert {name for plugins in WAYS.values() for name, reason in plugins.items() if reason} <= broken
    assert {"rule_first", "backend_first", "rule_raises"}.isdisjoint(broken)
    rules = {rule.identifier for rule in after.rules}
    assert rules == {rule.identifier for rule in before.rules} | {"twice_offered", "always_raises"}


def test_all_that_a_broken_plugin_offered_is_withdrawn(site):
    install(BROKEN / "duplicate_rule", site)
    registry = load_plugins(only("rule_first", "rule_second"))
    assert [(rule.identifier, rule.title) for rule in registry.rules] == [
        ("twice_offered", "Anything from the first oven")
    ]
    assert registry.defaults == []
    assert type(registry.summaries.summary_for("org.fedoraproject.prod.pan.on")).__name__ != "PanSummary"


def test_the_second_of_two_is_sound_where_the_first_is_disabled(site):
    install(BROKEN / "duplicate_rule", site)
    registry = load_plugins(only("rule_second"))
    assert info(registry, "rule_second").status == "sound"
    assert {rule.identifier for rule in registry.rules} == {"once_offered", "twice_offered"}


def test_a_broken_plugin_is_logged_once_with_its_traceback_at_debug(site, caplog):
    install(BROKEN / "import_error", site)
    with caplog.at_level(logging.DEBUG, "fmn_core.plugins"):
        load_plugins(only("import_error"))
    mine = [record for record in caplog.records if "import_error" in record.getMessage()]
    assert [(record.levelname, bool(record.exc_info)) for record in mine] == [("WARNING", False), ("DEBUG", True)]
    assert "plugin 'import_error' of fmn-broken-import-error 1.0 is broken: cannot be" in mine[0].getMessage()


def test_an_interrupt_is_no_broken_plugin(written):
    with pytest.raises(KeyboardInterrupt):
        written("raise KeyboardInterrupt")


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ("42", "fmn_register_rules raised TypeError: 'int' object is not iterable"),
        ("'koji'", "an object of type 'str'"),
        ("[None]", "fmn_register_rules returned None, expected only rule objects"),
        ("[app_rule('same', 'a', 'A'), app_rule('same', 'b', 'B')]", "rule 'same' is already offered by written"),
        ("[app_rule('', 'a', 'A')]", "fmn_register_rules returned a rule without identifier"),
    ],
)
def test_results_of_the_wrong_kind(written, result, reason):
    registry = written(f"@hookimpl\ndef fmn_register_rules():\n    return {result}")
    assert reason in info(registry).reason
    assert len(registry.rules) == 0


# Choice.


def test_a_disabled_plugin_is_not_imported(site):
    install(BROKEN / "system_exit", site)
    registry = load_plugins(Settings(plugins=PluginsSettings(disabled=("system_exit",))))
    found = next(plugin for plugin in registry.plugins if plugin.name == "system_exit")
    assert (found.status, found.reason) == ("disabled", "named in plugins.disabled")
    assert "fmn_broken_system_exit" not in sys.modules


def test_a_plugin_that_is_not_among_the_enabled_is_not_imported(example):
    install(BROKEN / "system_exit", example)
    registry = load_plugins(only("example"))
    assert {plugin.name for plugin in registry.plugins if plugin.status == "sound"} == {"example"}
    assert all(p.reason == "not named in plugins.enabled" for p in registry.plugins if p.status == "disabled")
    assert "fmn_broken_system_exit" not in sys.modules


def test_a_group_that_is_not_asked_for_is_not_imported_and_may_be_named(site):
    install(BROKEN / "duplicate_backend", site)
    registry = load_plugins(Settings(plugins=PluginsSettings(disabled=("backend_first",))), [RULES])
    assert {plugin.group for plugin in registry.plugins} <= {RULES}
    assert "fmn_broken_duplicate_backend" not in sys.modules


def test_names_that_are_not_installed_are_mistakes_of_the_configuration(example):
    choice = PluginsSettings(enabled=("exampel",), disabled=("nothing like it",))
    with pytest.raises(ConfigError) as caught:
        load_plugins(Settings(plugins=choice))
    assert str(caught.value) == (
        "the configuration has 2 mistakes: plugins.enabled: no plugin is named 'exampel'; did you mean 'example'?; "
        "plugins.disabled: no plugin is named 'nothing like it'"
    )


# Finding.


def test_plugins_come_in_the_order_of_group_and_name(site):
    for way in WAYS:
        install(BROKEN / way, site)
    found = [(plugin.group, plugin.name) for plugin in load_plugins(Settings()).plugins]
    assert found == sorted(found)
    assert {group for group, _ in found} == set(GROUPS)


def test_a_plugin_that_was_installed_a_moment_ago_is_found(site):
    assert "rule_raises" not in {plugin.name for plugin in load_plugins(Settings()).plugins}
    install(BROKEN / "rule_raises", site)
    importlib.invalidate_caches()
    assert info(load_plugins(Settings()), "rule_raises").status == "sound"


def test_nothing_is_written_into_the_cache_folder_of_the_user(tmp_path):
    code = "from fmn_core import Settings; from fmn_core.plugins import load_plugins; load_plugins(Settings())"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert list(tmp_path.iterdir()) == []


def test_calls_of_hooks_are_traced_on_demand(site, capsys):
    install(BROKEN / "hook_raises", site)
    load_plugins(only("hook_raises"), environment={"FMN_TRACE_PLUGINS": "1"})
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "hook_raises: fmn_register_rules(settings)"
    assert lines[1].startswith("hook_raises: fmn_register_rules -> [[Rule(identifier='raises_later'")
    load_plugins(only("hook_raises"), environment={})
    assert capsys.readouterr().err == ""
