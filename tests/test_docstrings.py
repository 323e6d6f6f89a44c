"""The examples in docstrings print what they show."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import gradproof

ROOMS = ("prox", "metrics", "solvers", "estimators", "tsne")


def modules():
    for room in ROOMS:
        try:
            package = importlib.import_module(f"gradproof.{room}")
        except ModuleNotFoundError:
            continue
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"gradproof.{room}."):
            yield importlib.import_module(found.name)


def documented():
    for module in modules():
        for name, thing in vars(module).items():
            if getattr(thing, "__module__", None) == module.__name__ and not name.startswith("_"):
                text = inspect.getdoc(thing) or ""
                if ">>>" in text:
                    yield pytest.param(thing, text, id=f"{module.__name__}.{name}")


@pytest.mark.parametrize(("thing", "text"), list(documented()))
def test_example(thing, text):
    # 'Example:' stands on the line of the first prompt; the parser of doctest wants nothing before it.
    plain = text.replace("Example:", " " * len("Example:"))
    names = dict(vars(importlib.import_module(thing.__module__)))
    names["gradproof"] = gradproof
    test = doctest.DocTestParser().get_doctest(plain, names, thing.__name__, None, 0)
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=report.append)
    assert not report, "".join(report)
    assert test.examples
