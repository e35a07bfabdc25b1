"""The page of this plugin against its settings and templates."""

from dataclasses import fields
from pathlib import Path

import pytest

import fmn_backend_email
from fmn_backend_email import samples
from fmn_backend_email.options import EmailSettings
from fmn_backend_email.variables import Entry

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", EmailSettings.model_fields)
def test_every_setting_is_on_the_page(name):
    assert [line for line in README.splitlines() if line.startswith("| `") and f"`{name}`" in line.split("|")[1]]


def test_every_template_is_on_the_page():
    folder = Path(fmn_backend_email.__file__).parent / "templates"
    kinds = {path.stem for path in folder.iterdir()}
    assert {path.name for path in folder.iterdir()} == {f"{kind}.{form}" for kind in kinds for form in ("txt", "html")}
    assert not [kind for kind in kinds if f"| `{kind}.txt`, `.html` |" not in README]


@pytest.mark.parametrize("kind", ["notification", "digest"])
def test_every_variable_is_on_the_page(kind):
    (row,) = [line for line in README.splitlines() if line.startswith(f"| `{kind}.txt`")]
    for name in set(samples.variables()[kind]) - {"confirmation"}:
        assert f"`{name}`" in row
    for name in (field.name for field in fields(Entry)):
        assert f"`{name}`" in README
