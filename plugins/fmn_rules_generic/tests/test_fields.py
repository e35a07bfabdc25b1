"""One field of a body is compared as asked; where it is missing, nothing matches."""

from __future__ import annotations

from typing import Any

import pytest

from fmn_core import ArgumentsError
from fmn_core.testing import lookups, message
from fmn_rules_generic.fields import MissingFieldError, field

BODY = {
    "name": "Kernel",
    "build_id": 2711,
    "ratio": 0.5,
    "old": None,
    "scratch": True,
    "when": "2026-03-02T10:15:00",
    "count": "12",
    "tags": ["f43", "f44"],
    "nothing": [],
    "message": {
        "agent": "ava",
        "packages": [
            {"distro": "Fedora", "package_name": "bash"},
            {"distro": "Debian", "names": ["bash-static"]},
            "odd",
        ],
    },
    "grid": [[1, 2], [3]],
}


def holds(path: str, operator: str, value: Any = "", **more: Any) -> bool:
    arguments = field.parse({"path": path, "operator": operator, "value": value, **more})
    return field.matches(message("a.b.c", BODY), arguments, lookups())


TRUE = [
    ("name", "is", "Kernel"),
    ("name", "is not", "kernel"),
    ("name", "contains", "erne"),
    ("name", "starts with", "Ker"),
    ("name", "matches", "^K.*l$"),
    ("build_id", "is", "2711"),
    ("build_id", "is", 2711),
    ("build_id", "is", "2711.0"),
    ("build_id", "starts with", "27"),
    ("build_id", ">", "2710"),
    ("build_id", "<", "2.8e3"),
    ("ratio", "<", "1"),
    ("ratio", "is", "0.50"),
    ("old", "is", "null"),
    ("old", "is not", "0"),
    ("scratch", "is", "true"),
    ("scratch", "is", True),
    ("count", ">", "9"),
    ("count", "is", "12"),
    ("count", "is not", "12.0"),
    ("when", ">", "2026-03-01"),
    ("when", "<", "2026-04"),
    ("message.agent", "is", "ava"),
    ("message.packages.distro", "is", "Debian"),
    ("message.packages.names", "is", "bash-static"),
    ("message.packages.package_name", "starts with", "ba"),
    ("message", "contains", '"distro":"Fedora"'),
    ("tags", "is", "f44"),
    ("tags", "is not", "f44"),
    ("grid", "is", "3"),
    ("name", "exists", ""),
    ("old", "exists", ""),
    ("nothing", "exists", ""),
    ("message.packages.names", "exists", ""),
]
FALSE = [
    ("name", "is", "kernel"),
    ("name", "is not", "Kernel"),
    ("name", "contains", "ERNE"),
    ("name", ">", "2"),
    ("scratch", "is", "1"),
    ("scratch", ">", "0"),
    ("old", "<", "1"),
    ("build_id", ">", "2711"),
    ("build_id", "<", "a"),
    ("nothing", "is", "x"),
    ("nothing", "is not", "x"),
    ("tags", "is", "f4"),
    ("missing", "exists", ""),
    ("message.missing", "exists", ""),
    ("name.deeper", "exists", ""),
]


@pytest.mark.parametrize(("path", "operator", "value"), TRUE)
def test_it_compares_so(path: str, operator: str, value: Any) -> None:
    assert holds(path, operator, value)


@pytest.mark.parametrize(("path", "operator", "value"), FALSE)
def test_it_does_not_compare_so(path: str, operator: str, value: Any) -> None:
    assert not holds(path, operator, value)


@pytest.mark.parametrize(
    ("operator", "value"),
    [("is", "KERNEL"), ("contains", "ERN"), ("starts with", "kER"), ("matches", "^kernel$"), (">", "KERNE")],
)
def test_case_can_be_ignored(operator: str, value: str) -> None:
    assert holds("name", operator, value, ignore_case=True)
    assert not holds("name", "is not", "KERNEL", ignore_case=True)


@pytest.mark.parametrize("path", ["missing", "message.missing", "name.deeper", "message.packages.missing", "nothing.x"])
@pytest.mark.parametrize("operator", ["is", "is not", "contains", "starts with", "matches", ">", "<"])
def test_a_missing_field_raises_so_that_not_even_the_negated_rule_matches(path: str, operator: str) -> None:
    with pytest.raises(MissingFieldError, match=f"^the message has no field '{path}'$"):
        holds(path, operator, "1")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"path": "a", "operator": "is"}, "'value': 'is' needs a value to compare with"),
        ({"path": "a", "operator": "matches", "value": "(a"}, "'value': not an expression .* missing \\)"),
        ({"path": "a", "operator": "like", "value": "b"}, "'operator': .*'starts with'"),
        ({"path": "a..b", "operator": "exists"}, "'path': "),
        ({"path": "", "operator": "exists"}, "'path': "),
        ({"operator": "exists"}, "'path' is required"),
        ({"path": "a", "operator": "exists", "case": True}, "no argument is named 'case'"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(ArgumentsError, match=reason):
        field.parse(arguments)


def test_numbers_of_any_length_compare() -> None:
    arguments = field.parse({"path": "n", "operator": ">", "value": str(2**70)})
    for number, expected in (
        (2**70 + 1, True),
        (str(2**70 + 1), True),
        (2**70, False),
        ("9" * 5000, False),
        (1e300, True),
    ):
        assert field.matches(message("a.b", {"n": number}), arguments, lookups()) is expected
