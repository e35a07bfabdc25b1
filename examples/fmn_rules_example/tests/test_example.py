"""The samples are the tests: each rule and the summary are held to them."""

import pytest

from fmn_core import load_samples
from fmn_core.testing import check_rule, check_summary
from fmn_rules_example import OvenSummary, fmn_register_rules

RULES = fmn_register_rules()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.identifier)
def test_rule(rule):
    check_rule(rule, summaries=[OvenSummary()])


def test_summary():
    check_summary(OvenSummary(), load_samples("fmn_rules_example"))


def test_a_message_without_a_baker_still_has_a_summary(fmn_message):
    message = fmn_message("oven.loaf.baked", {"kind": "rye"}, summaries=[OvenSummary()])
    assert message.facts.summary == "oven.loaf.baked"
