"""The command line from outside: whatever is wrong with the input is one sentence and the right exit code."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fmn_core.cli import group
from fmn_core.commands import COMMANDS
from fmn_core.testing import install

BROKEN_PLUGIN = Path(__file__).parent / "plugins" / "import_error"

RULE = "example_loaf_of"
GOOD = {
    "id": "good",
    "topic": "org.example.prod.oven.loaf.baked",
    "headers": {},
    "body": {"kind": "rye", "baker": "bo"},
}
BROKEN = {
    "not-json": (b"{'single': 'quotes'}", "not JSON: "),
    "no-topic": (b'{"id": "x", "body": {}}', "message has no topic"),
    "null-body": (b'{"id": "x", "topic": "a.b.c.d", "body": null}', "body is null, expected an object"),
    "nan": (b'{"id": "x", "topic": "a.b.c.d", "body": {"n": NaN}}', "not JSON: NaN is no JSON number"),
    "10-mb": (json.dumps({**GOOD, "body": {"x": "y" * 10_000_000}}).encode(), "message has 10,000,"),
}


@pytest.fixture
def fmn(example, monkeypatch, tmp_path):
    """Run a command in this process, with the plugin of the examples alone."""
    monkeypatch.setenv("FMN__PLUGINS__ENABLED", "example")
    monkeypatch.setenv("FMN__DATA_DIR", str(tmp_path / "data"))

    def run(*arguments, **options):
        return CliRunner().invoke(group, [str(argument) for argument in arguments], **options)

    return run


@pytest.fixture
def messages(tmp_path):
    """Write a file of lines; the good message stands for itself."""

    def write(*lines):
        path = tmp_path / "messages.jsonl"
        path.write_bytes(b"\n".join(json.dumps(x).encode() if isinstance(x, dict) else x for x in lines))
        return path

    return write


def sentence(result) -> str:
    """Return the one line on stderr that a failure is."""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("fmn: ")
    return lines[0].removeprefix("fmn: ")


def rows(result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


# What goes well.


def test_describe(fmn, messages):
    result = fmn("describe", messages(GOOD), "--json")
    assert result.exit_code == 0
    assert rows(result) == [
        {
            "id": "good",
            "topic": "org.example.prod.oven.loaf.baked",
            "app": "oven",
            "summary": "bo's rye bread is baked",
            "url": None,
            "agent": "bo",
            "usernames": ["bo"],
            "packages": [],
            "thread": "message/good",
        }
    ]
    assert fmn("describe", messages(GOOD)).stdout.startswith("bo's rye bread is baked\n  id ")


def test_describe_reads_standard_input(fmn):
    assert rows(fmn("describe", "-", "--json", input=json.dumps(GOOD)))[0]["id"] == "good"


def test_try(fmn, messages):
    odd = {**GOOD, "id": "odd", "body": {}}
    path = messages(GOOD, {**GOOD, "id": "other", "body": {"kind": "wheat"}}, odd)
    result = fmn("try", RULE, path, "kinds=rye", "--json")
    assert result.exit_code == 0
    assert rows(result) == [
        {"id": "good", "match": True},
        {"id": "other", "match": False},
        {"id": "odd", "error": "KeyError: 'kind'"},
    ]
    assert fmn("try", RULE, messages(GOOD), "kinds=rye").stdout == "match  good  bo's rye bread is baked\n"


def test_rules(fmn):
    listed = rows(fmn("rules", "--json"))
    assert [row["identifier"] for row in listed] == ["example_loaf_baked", "example_loaf_of", "example_my_loaf"]
    (one,) = rows(fmn("rules", RULE, "--json"))
    assert set(one) == {"identifier", "title", "description", "plugin", "arguments", "samples"}
    assert (one["plugin"], one["samples"], one["arguments"]["required"]) == ("example", 1, ["kinds"])
    assert "kinds (required)" in fmn("rules", RULE).stdout


def test_plugins(fmn):
    listed = rows(fmn("plugins", "--json"))
    assert {tuple(row) for row in listed} == {("name", "group", "distribution", "version", "status", "reason")}
    (mine,) = [row for row in listed if row["name"] == "example"]
    assert mine == {
        "name": "example",
        "group": "fmn.rules",
        "distribution": "fmn-rules-example",
        "version": "0.1.0",
        "status": "sound",
        "reason": "",
    }


def test_plugins_strict(fmn, example, monkeypatch):
    install(BROKEN_PLUGIN, example)
    assert fmn("plugins", "--strict").exit_code == 0
    monkeypatch.setenv("FMN__PLUGINS__ENABLED", "example,import_error")
    assert fmn("plugins").exit_code == 0
    assert fmn("plugins", "--strict").exit_code == 1


def test_a_broken_plugin_is_said_once_where_plugins_are_listed(fmn, example, monkeypatch, caplog):
    install(BROKEN_PLUGIN, example)
    monkeypatch.setenv("FMN__PLUGINS__ENABLED", "example,import_error")
    assert fmn("plugins").stdout.count("fmn_library_that_is_not_there") == 1
    assert not [record for record in caplog.records if record.levelname == "WARNING"]
    fmn("rules")
    assert [record.levelname for record in caplog.records if "import_error" in record.message] == ["WARNING"]


def test_check(fmn, tmp_path):
    result = fmn("check", "--json")
    assert result.exit_code == 0
    assert all(row["ok"] for row in rows(result))
    assert {"configuration", "data folder", "database", "transport", "plugins", "lookups"} == {
        row["check"] for row in rows(result)
    }
    assert not (tmp_path / "data").exists(), "looking changes nothing"


def test_check_names_the_file_that_the_environment_names(fmn, tmp_path, monkeypatch):
    (tmp_path / "fmn.toml").touch()
    monkeypatch.setenv("FMN_CONFIG", str(tmp_path / "fmn.toml"))
    assert rows(fmn("check", "--json"))[0]["detail"] == str(tmp_path / "fmn.toml")


def test_check_names_everything_that_is_wanting(fmn, example, tmp_path, monkeypatch, caplog):
    install(BROKEN_PLUGIN, example)
    (tmp_path / "file").touch()
    config = tmp_path / "fmn.toml"
    config.write_text("""
data_dir = "file"
[store]
url = "mysql://root:secret@localhost/fmn"
[plugin.exampel]
""", "utf-8")  # fmt: skip
    monkeypatch.setenv("FMN__PLUGINS__ENABLED", "example,import_error")
    monkeypatch.delenv("FMN__DATA_DIR")
    result = fmn("--config", config, "check", "--json")
    wanting = {row["check"]: row["detail"] for row in rows(result) if not row["ok"]}
    assert result.exit_code == 1
    assert {"data folder", "database", "transport", "section plugin.exampel", "plugin import_error"} <= set(wanting)
    assert not caplog.records, "what is said in the lines is not logged too"
    assert "did you mean 'example'" in wanting["section plugin.exampel"]
    assert "secret" not in result.output


def test_every_command_has_help_that_ends_in_examples(fmn):
    for name in COMMANDS:
        result = fmn(name, "--help")
        assert result.exit_code == 0, name
        assert "Example" in result.stdout, name


def test_help_lists_the_commands_of_plugins_too(fmn):
    result = fmn("--help")
    assert set(COMMANDS) <= {line.split()[0] for line in result.stdout.splitlines() if line.startswith("  ")}


# Bad files.


READERS = pytest.mark.parametrize(
    "command", [["describe"], ["try", "example_loaf_baked"], ["match"]], ids=["describe", "try", "match"]
)


@READERS
@pytest.mark.parametrize(("line", "reason"), BROKEN.values(), ids=BROKEN)
def test_one_broken_line_among_good_ones(fmn, messages, command, line, reason):
    path = messages(GOOD, line, {**GOOD, "id": "last"})
    result = fmn(*command, path, "--json")
    assert result.exit_code == 1
    assert [row["id"] for row in rows(result)] == ["good", "last"]
    assert sentence(result).startswith(f"{path} line 2: {reason}")


def test_replay_takes_the_rest_in(fmn, messages):
    path = messages(GOOD, BROKEN["nan"][0], {**GOOD, "id": "last"})
    result = fmn("replay", path, "--json")
    assert result.exit_code == 1
    assert sentence(result).startswith(f"{path} line 2: not JSON: NaN")
    assert rows(result) == [{"stage": "replay", "queued": 2}]


@READERS
def test_no_messages_at_all(fmn, messages, command, tmp_path):
    empty = fmn(*command, messages())
    assert (empty.exit_code, sentence(empty)) == (
        2,
        f"file '{tmp_path / 'messages.jsonl'}' is empty, expected messages",
    )
    missing = fmn(*command, tmp_path / "nowhere")
    assert (missing.exit_code, sentence(missing)) == (
        2,
        f"file '{tmp_path / 'nowhere'}' cannot be read: No such file or directory",
    )


# Bad names.


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["try", "example_loaf_off", "x"], "no rule is named 'example_loaf_off'; did you mean 'example_loaf_of'"),
        (
            ["try", RULE, "x", "kind=rye"],
            f"rule '{RULE}' cannot take these arguments: 'kinds' is required; no argument",
        ),
        (["try", RULE, "x", "kinds"], "'kinds' is no argument of a rule, expected name=value"),
        (["try", RULE, "x", "kinds=a", "kinds=b"], "argument 'kinds' is given twice"),
        (["rules", "example_loaf"], "no rule is named 'example_loaf'; did you mean"),
        (["rules", "--plugin", "exampel"], "no rule plugin is named 'exampel'; did you mean 'example'"),
        (["user", "show", "nela"], "no user is named 'nela'"),
        (["user", "add", "nela", "--destination", "pigeon=loft"], "no backend is named 'pigeon'"),
        (["explain", "x", "--user", "nela"], "no user is named 'nela'"),
        (["deliver", "pigeon"], "no backend is named 'pigeon'"),
        (["descrbe"], "no command is named 'descrbe'; did you mean 'describe'"),
        (["--config", "nowhere.toml", "rules"], "configuration nowhere.toml has a mistake: there is no such file"),
        (["--colour"], "no such option '--colour'; see 'fmn --help'"),
        (["plugins", "--jsn"], "no such option '--jsn'; did you mean '--json'?"),
        (["user", "lst"], "no such command 'lst'"),
        (["describe"], "missing argument 'FILE'; see 'fmn describe --help'"),
        (["match", "x", "--engine", "quick"], "invalid value for '--engine': 'quick' is not one of"),
        (
            ["web", "--port", "-1"],
            "invalid value for '--port': -1 is not in the range 0<=x<=65535; see 'fmn web --help'",
        ),
        (["replay", "x", "--rate", "nan"], "invalid value for '--rate': nan is no number of messages"),
    ],
)
def test_a_wrong_call_is_one_sentence_that_names_what_is_near(fmn, arguments, complaint):
    result = fmn(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence(result).startswith(complaint)


def test_a_group_without_a_command_says_what_there_is(fmn):
    result = fmn("user")
    assert "Look after users" in result.output
    assert "Try 'fmn" not in result.output


def test_three_mistakes_of_the_configuration_are_told_at_once(fmn, tmp_path):
    config = tmp_path / "fmn.toml"
    config.write_text('data_dr = "x"\n[store]\nurll = ""\n[delivery]\nattempts = "many"\n', "utf-8")
    result = fmn("--config", config, "rules")
    assert result.exit_code == 2
    assert sentence(result).startswith(f"configuration {config} has 3 mistakes: ")
    for part in ("'data_dr'; did you mean 'data_dir'", "'store.urll'; did you mean 'store.url'", "delivery.attempts: "):
        assert part in result.stderr


@pytest.mark.parametrize("command", [["rules"], ["user", "list"], ["run"], ["check"]], ids=" ".join)
def test_mistakes_that_only_plugins_know_are_told_with_the_others(fmn, tmp_path, site, monkeypatch, command):
    install(Path(__file__).parent / "plugins" / "wrong_section", site)
    monkeypatch.setenv("FMN__PLUGINS__ENABLED", "example, wrong_section, exmaple")
    config = tmp_path / "fmn.toml"
    config.write_text('data_dr = "x"\ndelivery.attempts = 0\nplugin.wrong_section.heat = "hot"\nplugin.onion = {}\n')
    result = fmn("--config", config, *command)
    assert f"configuration {config} has 4 mistakes: " in result.output
    for part in ("'data_dr'", "delivery.attempts: ", "plugins.enabled: no plugin is named 'exmaple'", "'onion'"):
        assert part in result.output
    monkeypatch.setenv("FMN__PLUGINS__ENABLED", "example, wrong_section")
    result = fmn("--config", config, *command)
    assert f"configuration {config} has 4 mistakes: " in result.output
    for part in ("'data_dr'", "delivery.attempts: ", "plugin.wrong_section.heat: must be a whole number", "'onion'"):
        assert part in result.output
    assert result.exit_code == (1 if command == ["check"] else 2)


# How failures look.


@pytest.mark.parametrize("arguments", [["--debug", "rules", "nope"], ["rules", "nope", "--debug"]])
def test_debug_shows_the_traceback_before_the_sentence(fmn, arguments):
    result = fmn(*arguments)
    assert result.exit_code == 2
    assert "Traceback (most recent call last)" in result.stderr
    assert result.stderr.splitlines()[-1] == "fmn: no rule is named 'nope'"


def test_a_folder_that_cannot_be_made_is_one_line(fmn, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("FMN__DATA_DIR", str(tmp_path / "file" / "data"))
    result = fmn("user", "list")
    assert (result.exit_code, sentence(result)) == (1, f"'{tmp_path}/file/data' cannot be used: Not a directory")


def test_what_the_system_refuses_without_a_name_is_no_bug(fmn, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("fmn_core.cli.rules_.load_plugins", full)
    result = fmn("rules")
    assert (result.exit_code, sentence(result)) == (1, "the system refuses: No space left on device")


def test_texts_of_messages_cannot_steer_the_terminal(fmn, messages):
    path = messages({**GOOD, "id": "a\x1b]0;title\x07", "body": {"kind": "rye", "baker": "\x1b[2J\x9b31m"}})
    result = fmn("describe", path, color=True)
    assert result.stdout.startswith(
        "\x1b[1m\\x1b[2J\\x9b31m's rye bread is baked\x1b[0m\n  id         a\\x1b]0;title\\x07\n"
    )
    assert rows(fmn("describe", path, "--json"))[0]["id"] == "a\x1b]0;title\x07"


def test_a_bug_is_one_line_too(fmn, monkeypatch):
    monkeypatch.setattr("fmn_core.cli.rules_.load_plugins", lambda *_: {}["surprise"])
    result = fmn("rules")
    assert result.exit_code == 1
    assert sentence(result).startswith("KeyError: 'surprise' in test_cli.py line ")
    assert sentence(result).endswith("this is a bug, see it whole with --debug")


def test_after_two_dashes_debug_is_an_argument(fmn):
    assert sentence(fmn("try", "--", "example_loaf_baked", "x", "--debug")) == (
        "'--debug' is no argument of a rule, expected name=value"
    )


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-c", "from fmn_core.cli import main; main()", *arguments],
        capture_output=True, encoding="utf-8", timeout=60, check=False, **options,
    )  # fmt: skip


def test_as_a_process():
    version = run("--version")
    assert (version.returncode, version.stdout.startswith("fmn, version ")) == (0, True)
    unknown = run("descrbe", env={**os.environ, "FMN__PLUGINS__ENABLED": ""})
    assert unknown.returncode == 2
    assert "fmn: no command is named 'descrbe'; did you mean 'describe'" in unknown.stderr
    assert "Traceback" not in unknown.stderr


def test_a_closed_pipe_is_quiet(tmp_path, messages):
    path = messages(*({**GOOD, "id": str(n), "body": {"text": "x" * 1000}} for n in range(2000)))
    command = f"{sys.executable} -c 'from fmn_core.cli import main; main()' describe {path} --json | head -1"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, encoding="utf-8", timeout=60, check=True)
    assert json.loads(ended.stdout)["id"] == "0"
    assert "Traceback" not in ended.stderr
    assert "Broken pipe" not in ended.stderr


def test_help_does_not_wait_for_heavy_libraries():
    code = "import sys; from fmn_core.cli import group; group(['--help'], standalone_mode=False); print(*sys.modules)"
    environment = {**os.environ, "FMN__PLUGINS__ENABLED": ""}
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, env=environment
    )
    heavy = {"sqlalchemy", "alembic", "flask", "fedora_messaging", "twisted", "hypothesis"}
    assert not heavy & set(loaded.stdout.split())
