"""The measurement of the pipeline, on a small load: what it prints is true, and nothing of it stays behind."""

import json
from xml.etree import ElementTree

import pytest
import redis
from click.testing import CliRunner

from fmn_core.bench.flow import Depth
from fmn_core.bench.plot import drawing
from fmn_core.cli import group

FIELDS = [
    "matcher", "workers", "users", "messages", "notifications", "lasted_seconds", "max_depth", "messages_per_second",
    "cpu_us_per_message", "max_rss_mb", "lost", "repeated",
]  # fmt: skip


@pytest.fixture
def bench(broker, redis_url, monkeypatch):
    monkeypatch.setenv("FMN__REDIS__URL", redis_url)

    def call(*arguments):
        return CliRunner().invoke(group, ["bench", "pipeline", "--broker", broker, *arguments])

    return call


def test_every_row_delivers_everything_once_and_the_same_people_get_the_same(bench, redis_url, tmp_path):
    picture = tmp_path / "depths.svg"
    result = bench("--workers", "2", "--users", "100", "--messages", "300", "--plot", str(picture), "--json")
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [list(row) for row in rows] == [FIELDS] * 4
    assert [(row["matcher"], row["workers"]) for row in rows] == [
        ("linear", 0), ("linear", 2), ("index", 2), ("none", 2),
    ]  # fmt: skip
    assert {(row["lost"], row["repeated"]) for row in rows} == {(0, 0)}
    assert {row["notifications"] for row in rows} == {rows[-1]["notifications"]}
    assert rows[-1]["notifications"] > 30
    assert all(row["lasted_seconds"] > 0 and row["cpu_us_per_message"] > 0 and row["max_rss_mb"] > 20 for row in rows)
    assert picture.read_text().count("<polyline") == 3 * 4
    assert not list(redis.Redis.from_url(redis_url).scan_iter("fmn-bench-*"))


def test_one_matcher_alone_can_be_measured(bench):
    result = bench("--workers", "1", "--users", "50", "--messages", "50", "--matcher", "none")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("none, 1 worker")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--workers", "one"], "'one' is no list of numbers such as 1,2,4", id="no number"),
        pytest.param(["--workers", "0"], "a pool has one worker at least", id="nobody"),
        pytest.param(["--broker", "amqp://guest:guest@127.0.0.1:1/"], "cannot be reached", id="no broker"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(bench, arguments, said):
    result = bench("--users", "5", "--messages", "5", *arguments)
    assert result.exit_code in (1, 2)
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert "this is a bug" not in result.stderr


def test_matching_abreast_counts_what_all_have_matched(tmp_path):
    arguments = ["bench", "match", "--users", "20", "--messages", "100", "--workers", "1,2", "--json"]
    result = CliRunner().invoke(group, arguments)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["workers"], row["messages"]) for row in rows] == [(1, 100), (2, 200)]
    assert all(row["messages_per_second"] > 0 for row in rows)


def test_a_drawing_is_well_formed_whatever_the_titles_and_has_a_panel_for_each_row():
    depths = [Depth(0.0, 40, 0, 0), Depth(0.5, 0, 40, 7), Depth(1.0, 0, 0, 0)]
    drawn = ElementTree.fromstring(drawing([("a < b & c", depths), ("nothing seen", [])]))
    lines = [one for one in drawn.iter() if one.tag.endswith("polyline")]
    assert [line.get("points") for line in lines] == [
        "0.0,0.0 150.0,150.0 300.0,150.0", "0.0,150.0 150.0,0.0 300.0,150.0", "0.0,150.0 150.0,123.8 300.0,150.0",
        "", "", "",
    ]  # fmt: skip
