"""The configuration: file and environment, and every mistake in them at once."""

from pathlib import Path

import pytest

from fmn_core import ConfigError, Section, Settings
from fmn_core.config import host_and_port, load_settings


class OvenSettings(Section):
    heat: int = 180
    kinds: tuple[str, ...] = ()


@pytest.fixture
def write(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "fmn.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def mistakes(path, environment=None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_settings(path, environment or {})
    return caught.value.problems


def test_nothing_needs_to_be_configured():
    assert load_settings(None, {}) == Settings()


def test_everything_is_in_the_data_folder_unless_it_is_set():
    settings = Settings(data_dir="/srv/fmn")
    assert settings.store_url == "sqlite:////srv/fmn/fmn.sqlite"
    assert settings.transport_url == "embedded:////srv/fmn/queue.sqlite"
    assert Settings(store={"url": "postgresql://x/y"}).store_url == "postgresql://x/y"


def test_a_relative_data_folder_is_beside_the_file(write, tmp_path):
    assert load_settings(write('data_dir = "data"'), {}).data_dir == tmp_path / "data"
    assert load_settings(write('data_dir = "/data"'), {}).data_dir == Path("/data")


def test_the_environment_names_the_file_and_wins_over_it(write):
    path = write('base_url = "from the file"\n[delivery]\nattempts = 3\n')
    environment = {"FMN_CONFIG": str(path), "FMN__DELIVERY__ATTEMPTS": "5", "FMN__PLUGINS__DISABLED": "irc, sse,"}
    settings = load_settings(None, environment)
    assert settings.base_url == "from the file"
    assert settings.delivery.attempts == 5
    assert settings.plugins.disabled == ("irc", "sse")


def test_the_environment_reaches_the_sections_of_plugins():
    settings = load_settings(None, {"FMN__PLUGIN__OVEN__HEAT": "200"})
    assert settings.section("oven", OvenSettings).heat == 200


def test_all_mistakes_are_told_at_once(write):
    path = write('data_dr = "x"\n[store]\nurll = ""\n[delivery]\nattempts = 0\n')
    found = mistakes(path, {"FMN__DELIVERY__FIRST_DELAY": "long"})
    assert len(found) == 4
    assert "no setting is named 'data_dr'; did you mean 'data_dir'?" in found
    assert any(mistake.startswith("no setting is named 'store.urll'; did you mean 'store.url'") for mistake in found)
    assert "delivery.attempts: must be greater than or equal to 1, not 0" in found
    assert any(mistake.startswith("delivery.first_delay: ") and mistake.endswith("not 'long'") for mistake in found)


def test_mistakes_of_a_plugins_section_are_told_at_once():
    settings = Settings(plugin={"oven": {"heat": "hot", "kind": "rye"}})
    with pytest.raises(ConfigError) as caught:
        settings.section("oven", OvenSettings)
    assert str(caught.value).startswith("section [plugin.oven] has 2 mistakes: plugin.oven.heat: ")
    assert caught.value.problems[1].startswith(
        "no setting is named 'plugin.oven.kind'; did you mean 'plugin.oven.kinds'"
    )


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (b"data_dir = ", "Invalid value (at end of document)"),
        (b"\xff", "it is no UTF-8 at byte 1"),
    ],
    ids=["not-toml", "not-utf-8"],
)
def test_what_is_no_configuration(tmp_path, content, mistake):
    path = tmp_path / "fmn.toml"
    path.write_bytes(content)
    assert mistakes(path) == (mistake,)


def test_files_that_are_not_there(tmp_path):
    assert mistakes(tmp_path / "nowhere") == ("there is no such file",)
    assert mistakes(tmp_path) == ("it cannot be read: Is a directory",)


def test_a_setting_is_no_section():
    environment = {"FMN__BASE_URL": "y", "FMN__BASE_URL__X": "1"}
    assert mistakes(None, environment) == ("FMN__BASE_URL__X goes into 'base_url', which is no section",)


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Settings().base_url = "other"


@pytest.mark.parametrize("seconds", [0, -1, 86_401, "inf", "nan"])
def test_lookups_are_refreshed_now_and_then_but_at_least_daily(seconds):
    [mistake] = mistakes(None, {"FMN__LOOKUPS__REFRESH": str(seconds)})
    assert mistake.startswith("lookups.refresh: ")


def test_more_mistakes_are_looked_for_in_what_is_right(write):
    text = 'base_url = "b"\nstore = 3\n[plugins]\nenabled = [1]\n[delivery]\nattempts = 0\nfirst_delay = 2\n'
    asked = []

    def further(rest):
        asked.append(rest)
        return ["one more"]

    with pytest.raises(ConfigError) as caught:
        load_settings(write(text), {}, further)
    assert len(caught.value.problems) == 4
    assert caught.value.problems[-1] == "one more"
    assert asked == [Settings(base_url="b", delivery={"first_delay": 2})]
    load_settings(write("[delivery]\nattempts = 1\n"), {}, further)
    assert len(asked) == 1, "without mistakes nobody looks for more"


@pytest.mark.parametrize(
    ("place", "parts"),
    [("127.0.0.1:9100", ("127.0.0.1", 9100)), ("[::1]:0", ("::1", 0)), ("fmn.example.org:80", ("fmn.example.org", 80))],
)
def test_a_place_is_host_and_port(place, parts):
    assert host_and_port(place) == parts


@pytest.mark.parametrize("place", ["9100", ":9100", "::1:9100", "host:", "host:65536", "host:-1", "[host:1", "a b:1"])
def test_what_is_no_place_is_a_mistake(place):
    assert mistakes(None, {"FMN__MONITORING__LISTEN": place}) == (
        f"monitoring.listen: must be HOST:PORT, not {place!r}",
    )


def test_logging_knows_two_formats_and_four_levels():
    [one, other] = mistakes(None, {"FMN__LOGGING__FORMAT": "xml", "FMN__LOGGING__LEVEL": "loud"})
    assert one == "logging.format: must be 'text' or 'json', not 'xml'"
    assert other.startswith("logging.level: must be 'debug', 'info', 'warning' or 'error'")
