"""Public names of all rooms are documented in numpydoc's form, with the defaults of the code."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc
from numpydoc.validate import validate

import ensemble_kd

# Style of sentences is for readers to judge; these are about what must be there.
CHECKS = {
    *("GL03", "GL06", "GL07", "GL08", "GL09", "SS01", "SS02", "SS03", "SS06"),
    *("PR01", "PR02", "PR03", "PR04", "PR07", "PR10", "RT01", "YD01"),
}


def rooms() -> Iterator[str]:
    """Yield the package and each package in it."""
    yield "ensemble_kd"
    for found in pkgutil.walk_packages(ensemble_kd.__path__, "ensemble_kd."):
        if found.ispkg:
            yield found.name


def public_things() -> dict[str, Any]:
    """Return the public classes and functions of all rooms, by where they stand.

    Of what the package itself offers, the public methods are among them.
    """
    found = {}
    for room in map(importlib.import_module, rooms()):
        for thing in (getattr(room, name) for name in getattr(room, "__all__", ())):
            if inspect.isclass(thing) or inspect.isfunction(thing):
                found[f"{thing.__module__}.{thing.__qualname__}"] = thing
            if inspect.isclass(thing) and room is ensemble_kd:
                found |= methods_of(thing)
    return found


def methods_of(thing: type) -> dict[str, Any]:
    """Return the public methods that the class or a base of ours defines, by where they stand."""
    return {
        f"{method.__module__}.{method.__qualname__}": method
        for name, method in inspect.getmembers(thing, inspect.isroutine)
        if not name.startswith("_") and getattr(method, "__module__", "").startswith("ensemble_kd")
    }


def is_error(thing: Any) -> bool:
    """Tell whether it is an exception, which takes a message."""
    return inspect.isclass(thing) and issubclass(thing, Exception)


def is_contract(thing: Any) -> bool:
    """Tell whether it is made through its subclasses alone, which describe the parameters."""
    return inspect.isclass(thing) and (
        Protocol in thing.__bases__ or any(thing in other.__bases__ for other in CLASSES)
    )


THINGS = public_things()
CLASSES = [thing for thing in THINGS.values() if inspect.isclass(thing)]
METHODS = {
    where: method
    for thing in THINGS.values()
    if inspect.isclass(thing)
    for where, method in methods_of(thing).items()
    if where not in THINGS
}


@pytest.mark.parametrize("name", THINGS)
def test_docstring_has_every_section(name: str) -> None:
    wanted = CHECKS - ({"PR01"} if is_contract(THINGS[name]) else set())
    wanted -= {"PR01", "SS03"} if is_error(THINGS[name]) else set()
    found = [(code, text) for code, text in validate(name)["errors"] if code in wanted]
    assert not found, f"{name}: {found}"


@pytest.mark.parametrize("name", THINGS)
def test_docstring_default_is_that_of_the_signature(name: str) -> None:
    thing = THINGS[name]
    if is_error(thing):
        return
    scraped = ClassDoc(thing) if inspect.isclass(thing) else FunctionDoc(thing)
    parameters = inspect.signature(thing).parameters
    for documented in scraped["Parameters"]:
        stated = re.search(r"default=(.+)$", documented.type)
        for parameter in documented.name.replace("*", "").split(", "):
            actual = parameters[parameter].default
            if actual is inspect.Parameter.empty:
                assert stated is None, f"{name}: {parameter} has no default"
            elif repr(actual) != "<factory>":
                assert stated, f"{name}: {parameter} states no default, it is {actual!r}"
                assert _same(stated.group(1), actual), f"{name}: {parameter} is {actual!r}"


@pytest.mark.parametrize("name", METHODS)
def test_docstring_of_a_method_is_there_and_right(name: str) -> None:
    """What a contract of a few lines says in a sentence needs no section for each parameter."""
    wanted = CHECKS - {"PR01", "RT01", "YD01"}
    found = [(code, text) for code, text in validate(name)["errors"] if code in wanted]
    assert not found, f"{name}: {found}"


def _same(stated: str, actual: object) -> bool:
    actual = getattr(actual, "__name__", actual)
    if stated.startswith("all of `"):
        return True
    return _plain(stated) == _plain(str(actual))


def _plain(text: str) -> str:
    return text.replace('"', "").replace("'", "").replace("_", "")
