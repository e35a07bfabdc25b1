"""What is offered for deployment, against the code: commands exist with these options, configurations load."""

import configparser
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
import yaml

from fmn_core.cli import group
from fmn_core.config import CONFIG_VARIABLE, host_and_port, load_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
FMN = "/opt/fmn/bin/fmn"
#: commands that obey SIGHUP and serve metrics
STAGES = {"consumer", "worker", "deliver", "run"}
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "fmn"}


def parsed(arguments):
    """Parse a call of ``fmn`` as the command does, without doing it; return the name of the command."""
    with click.Context(group, info_name="fmn") as top:
        name, *rest = arguments
        command = group.get_command(top, name)
        assert command is not None, f"there is no command {name!r}"
        with command.make_context(name, list(rest), parent=top):
            return name


def read_unit(path):
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read(path)
    return unit


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_call_commands_that_exist(path):
    service = read_unit(path)["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert program == FMN
    name = parsed(arguments)
    assert ("ExecReload" in service) == (name in {*STAGES, "sse"})


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_belong_to_the_target_and_give_away_no_rights(path):
    unit = read_unit(path)
    assert unit["Unit"]["PartOf"] == unit["Install"]["WantedBy"] == "fmn.target"
    service = unit["Service"]
    assert service["User"] == "fmn"
    assert (service["NoNewPrivileges"], service["ProtectSystem"], service["CapabilityBoundingSet"]) == (
        "yes", "strict", "",
    )  # fmt: skip


def test_units_do_not_want_the_same_port():
    taken = []
    for path in UNITS:
        arguments = shlex.split(read_unit(path)["Service"]["ExecStart"])
        if "--monitoring" in arguments:
            first = host_and_port(arguments[arguments.index("--monitoring") + 1])[1]
            processes = int(arguments[arguments.index("--processes") + 1]) if "--processes" in arguments else 0
            taken += range(first, first + processes + 1)
    assert taken
    assert len(taken) == len(set(taken))


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    systemd = shutil.which("systemd-analyze")
    if systemd is None:
        pytest.skip("no systemd-analyze")
    for path in [*UNITS, DEPLOY / "systemd" / "fmn.target"]:
        name = path.name.replace("@.", "@email.")
        (tmp_path / name).write_text(path.read_text().replace(FMN, sys.executable))
    command = [systemd, "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "Failed to initialize manager" in done.stderr:
        pytest.skip("systemd-analyze does not work here")
    ours = [line for line in done.stderr.splitlines() if "fmn" in line]
    assert (done.returncode, ours) == (0, [])


def test_the_configuration_loads():
    settings = load_settings(DEPLOY / "fmn.toml", {})
    assert (settings.logging.format, str(settings.data_dir)) == ("json", "/var/lib/fmn")


def test_the_configuration_has_sections_of_installed_plugins_only():
    from importlib.metadata import entry_points

    names = {entry.name for kind in ("fmn.rules", "fmn.backends") for entry in entry_points(group=kind)}
    assert set(load_settings(DEPLOY / "fmn.toml", {}).plugin) <= names


def environment_of(service):
    """Return the variables of a service, the password filled in."""
    return {name: re.sub(r"\$\{FMN_PASSWORD:\?\}", "s3cret", value) for name, value in service["environment"].items()}


def test_the_environment_of_units_loads():
    lines = (DEPLOY / "systemd" / "fmn.env").read_text().splitlines()
    environment = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    settings = load_settings(DEPLOY / "fmn.toml", environment)
    assert settings.store.url.startswith("postgresql://")


@pytest.mark.parametrize("name", OURS)
def test_containers_call_commands_that_exist_with_settings_that_load(name):
    service = OURS[name]
    assert all(isinstance(word, str) for word in service["command"]), "a number in YAML is no word"
    command = parsed(service["command"])
    assert ("healthcheck" in service) == (command in STAGES)
    assert (
        load_settings(DEPLOY / "fmn.toml", environment_of(service)).store.url == "postgresql://fmn:s3cret@postgres/fmn"
    )


def test_containers_depend_on_servers_that_there_are():
    for service in OURS.values():
        assert set(service["depends_on"]) == set(COMPOSE["services"]) - set(OURS)
    named = {volume.partition(":")[0] for s in COMPOSE["services"].values() for volume in s.get("volumes", ())}
    assert {name for name in named if not name.startswith(".")} == set(COMPOSE["volumes"])


def instructions():
    text = re.sub(r"\\\n", " ", (DEPLOY / "Containerfile").read_text())
    return [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]


def test_the_image_installs_what_is_here_and_runs_a_command_that_exists():
    steps = instructions()
    [install] = [words for step, words in steps if step == "RUN" and "pip install" in words]
    for place in re.findall(r"/src([\w/]*)", install):
        assert (ROOT / place.strip("/") / "pyproject.toml").is_file(), place
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    [wanted] = re.findall(r"/src\[([\w,]+)\]", install)
    assert set(wanted.split(",")) <= set(extras)
    [arguments] = [yaml.safe_load(words) for step, words in steps if step == "CMD"]
    assert parsed(arguments) == "run"


def test_the_image_that_runs_has_no_root_and_the_configuration_in_its_place():
    last = instructions()[max(n for n, (step, _) in enumerate(instructions()) if step == "FROM") :]
    assert ["USER", "fmn"] in last
    assert not [words for step, words in last if step == "RUN" and ("pip" in words or "apt" in words)]
    [place] = [words.split()[1] for step, words in last if step == "COPY" and "fmn.toml" in words]
    assert any(f"{CONFIG_VARIABLE}={place}" in words for step, words in last if step == "ENV")
