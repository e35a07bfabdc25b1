"""What pydantic complains of, said in our words."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError, field_validator

from fmn_core.mistakes import first_causes, in_words


class Inner(BaseModel):
    depth: int = 0


class Loaf(BaseModel):
    number: int
    weight: float = 1.0
    slices: Annotated[int, Field(ge=1)] = 1
    sliced: bool = False
    kind: Literal["rye", "wheat"] = "rye"
    inner: Inner = Inner()
    bakers: Annotated[tuple[Literal["ava", "bo"], ...], Field(min_length=1)] = ("ava",)
    name: Annotated[str, Field(max_length=3)] = ""
    label: str = ""

    @field_validator("label")
    @classmethod
    def _is_short(cls, label: str) -> str:
        if len(label) > 5:
            raise ValueError("it does not fit on the bag")
        return label


def mistakes(**values: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Loaf.model_validate({"number": 1} | values)
    return [in_words(error) for error in first_causes(caught.value.errors())]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"weight": "heavy"}, "must be a number, not 'heavy'"),
        ({"slices": "many"}, "must be a whole number, not 'many'"),
        ({"slices": 0}, "must be greater than or equal to 1, not 0"),
        ({"sliced": "maybe"}, "must be true or false, not 'maybe'"),
        ({"kind": "oat"}, "must be 'rye' or 'wheat', not 'oat'"),
        ({"inner": 3}, "must be a table of names and values, not 3"),
        ({"bakers": 3}, "must be a list, not 3"),
        ({"name": ["x"]}, "must be text, not ['x']"),
        ({"name": "longer"}, "must have at most 3 characters, not 'longer'"),
        ({"label": "rather long"}, "it does not fit on the bag"),
    ],
)
def test_a_mistake_is_said_without_a_word_of_pydantic(value, words):
    assert mistakes(**value) == [words]


def test_what_is_missing_is_required():
    with pytest.raises(ValidationError) as caught:
        Loaf.model_validate({})
    assert [in_words(error) for error in caught.value.errors()] == ["it is required"]


def test_a_long_value_is_shortened():
    (words,) = mistakes(name="x" * 10_000)
    assert len(words) < 100


def test_a_list_is_not_called_empty_because_its_items_are_wrong():
    assert mistakes(bakers=("eve",)) == ["must be 'ava' or 'bo', not 'eve'"]
    assert len(mistakes(bakers=())) == 1
