"""A mail server is killed, away for some seconds while two thousand notifications come, and started again."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("fmn_backend_email")
pytest.importorskip("aiosmtpd")

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "outage.py"
COUNT, SECONDS = 2000, 6.0


def test_everything_arrives_afterwards_in_order_and_once(tmp_path):
    spec = importlib.util.spec_from_file_location("outage", BENCHMARK)
    outage = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(outage)
    result = outage.Trial(tmp_path, "email", {}).run(SECONDS, COUNT)
    print(result)
    assert (result["delivered"], result["repeated"], result["out_of_order"]) == (result["expected"], 0, 0)
    assert result["expected"] == COUNT + outage.BEFORE
    assert result["ended_well"]
    stopped, works = result["warnings"]
    assert "delivery of email stopped: " in stopped
    assert "delivery of email works again after " in works
