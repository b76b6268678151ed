"""Every public name is documented in numpydoc's form, and its defaults are those of the code."""

from __future__ import annotations

import inspect
import re

import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc
from numpydoc.validate import validate

import ensemble_kd

# Style of sentences is for readers to judge; these are about what must be there.
CHECKS = {
    *("GL03", "GL06", "GL07", "GL08", "GL09", "SS01", "SS02", "SS03", "SS06"),
    *("PR01", "PR02", "PR03", "PR04", "PR07", "PR10", "RT01", "YD01"),
}


def public_names() -> list[str]:
    """Return the dotted names of the public classes, their own public methods and functions."""
    names = []
    for name in ensemble_kd.__all__:
        thing = getattr(ensemble_kd, name)
        names.append(f"ensemble_kd.{name}")
        if inspect.isclass(thing) and thing.__module__.startswith("ensemble_kd"):
            methods = inspect.getmembers(thing, inspect.isfunction)
            names += [
                f"ensemble_kd.{name}.{method}"
                for method, function in methods
                if not method.startswith("_") and function.__module__.startswith("ensemble_kd")
            ]
    return names


@pytest.mark.parametrize("name", public_names())
def test_docstring_has_every_section(name: str) -> None:
    found = [(code, text) for code, text in validate(name)["errors"] if code in CHECKS]
    if inspect.isclass(_resolve(name)) and issubclass(_resolve(name), Exception):
        found = [(code, text) for code, text in found if code not in ("PR01", "SS03")]
    assert not found, f"{name}: {found}"


@pytest.mark.parametrize("name", public_names())
def test_docstring_default_is_that_of_the_signature(name: str) -> None:
    thing = _resolve(name)
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return
    scraped = ClassDoc(thing) if inspect.isclass(thing) else FunctionDoc(thing)
    parameters = inspect.signature(thing).parameters
    for documented in scraped["Parameters"]:
        stated = re.search(r"default=(.+)$", documented.type)
        actual = parameters[documented.name].default
        if actual is inspect.Parameter.empty:
            assert stated is None, f"{name}: {documented.name} has no default"
        else:
            assert stated, f"{name}: {documented.name} states no default, it is {actual!r}"
            assert _same(stated.group(1), actual), f"{name}: {documented.name} is {actual!r}"


def _resolve(name: str) -> object:
    thing: object = ensemble_kd
    for part in name.split(".")[1:]:
        thing = getattr(thing, part)
    return thing


def _same(stated: str, actual: object) -> bool:
    return stated.strip('"').replace("_", "") == str(actual).replace("_", "")
