"""A function of the catalogue in words: its entry with the user's names for its parameters, its operator, its sources."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof import prox
from gradproof.objective.parameters import Names
from gradproof.prox.function import AbstractFunction
from gradproof.prox.reference import reference

_ROWS, _COLUMNS, _COMPUTED = "the rows", "the columns", "computed from the data"


@dataclass(frozen=True, slots=True)
class Citation:
    """The operator as text, the lines that lead to it, and where they are from."""

    text: str
    lines: tuple[tuple[str, str], ...]
    sources: tuple[str, ...]


def outermost(function: AbstractFunction) -> tuple[str, ...]:
    """Return the names of a function and of what it is made of, the outer ones first."""
    return tuple(type(part).__name__ for part in _chain([function])[0])


def constructed(functions: Sequence[AbstractFunction], names: Names) -> str:
    """Return the entry as Python makes it, its parameters named: ``Scale(Huber(delta=d), c=lam)``."""
    inner = [getattr(function, "f", None) for function in functions]
    told = [f"{name}={text}" for name, text in _parameters(functions, names)]
    if isinstance(inner[0], AbstractFunction):
        told.insert(0, constructed([part for part in inner if part is not None], names))
    name = type(functions[0]).__name__
    return f"{name}({', '.join(told)})" if told else name


def cited(functions: Sequence[AbstractFunction], names: Names, point: str) -> Citation:
    """Return the operator of functions that differ in their data alone, with what each part of it cites."""
    chain = list(zip(*_chain(functions), strict=True))
    lines: list[tuple[str, str]] = []
    sources: dict[str, None] = {}
    for place, parts in enumerate(chain):
        known = reference(type(parts[0]))
        here = "; ".join(f"{name.removesuffix('_')} = {text}" for name, text in _parameters(parts, names))
        here = f"; here {here}" if here else ""
        if place < len(chain) - 1:
            lines.append(("calculus", f"{known.name}: the operator of {known.function} is {known.prox}{here}"))
        else:
            lines.append(("catalogue", f"{known.name}: {known.function}{here}"))
            lines.append(("operator", f"prox_{{gamma f}}(x) = {known.prox}"))
        sources[f"{known.name}: {known.source}"] = None
    return Citation(_rendered(chain, names, point), tuple(lines), tuple(sources))


def _chain(functions: Sequence[AbstractFunction]) -> list[list[AbstractFunction]]:
    found = []
    for function in functions:
        parts = [function]
        while isinstance(inner := getattr(parts[-1], "f", None), AbstractFunction):
            parts.append(inner)
        found.append(parts)
    return found


def _parameters(parts: Sequence[AbstractFunction], names: Names) -> list[tuple[str, str]]:
    """Return the arguments of functions with their texts; those that change nothing, or that any array tells, are left out."""
    found = []
    for name in inspect.signature(type(parts[0])).parameters:
        values = [getattr(part, name, None) for part in parts]
        if name == "lambda_" and values[0] is None:
            values = [getattr(part, "lambda_2", None) for part in parts]
        if isinstance(values[0], AbstractFunction) or name == "size":
            continue
        if name in ("constant", "b", "center", "c") and all(not np.any(value) for value in values):
            continue
        if name == "groups":
            found.append((name, _ROWS if _are_rows(values[0]) else _COLUMNS))
        else:
            found.append((name, names.name(values) or _COMPUTED))
    return found


def _are_rows(groups: Any) -> bool:
    return all(np.array_equal(group, np.arange(group[0], group[0] + len(group))) for group in groups)


def _rendered(chain: Sequence[Sequence[AbstractFunction]], names: Names, point: str) -> str:
    """Return the operator of a chain of functions at a point, the rules of the calculus carried out."""
    around, at, gamma = "z", point, "1"
    for parts in chain[:-1]:
        told = dict(_parameters(parts, names))
        match parts[0]:
            case prox.Scale():
                gamma = _product(gamma, told["c"])
            case prox.Tilt():
                at = _difference(at, _product(gamma, told["a"]))
            case prox.Translate():
                around, at = around.replace("z", _shifted(told["b"])), _difference(at, told["b"])
            case prox.PrecomposeDiagonal():
                factor = told["d"]
                around = around.replace("z", "(-z)" if factor == "-1" else f"z/{_atom(factor)}")
                at = f"-{_atom(at)}" if factor == "-1" else _product(factor, at)
                gamma = gamma if factor in ("1", "-1") else _product(gamma, f"{_atom(factor)}^2")
            case prox.PrecomposeOrthogonal():
                matrix = _atom(told["matrix"])
                around, at = around.replace("z", f"{matrix}' z"), _product(matrix, at)
            case prox.Bounded():
                around = around.replace("z", f"min(max(z, {told['lower']}), {told['upper']})")
            case _:
                rho, center = told["rho"], told.get("center", "0")
                moved = at if center == "0" else f"{at} + {_product(_product(gamma, rho), center)}"
                below = f"(1 + {_product(gamma, rho)})"
                at, gamma = f"{_atom(moved)}/{below}", f"{gamma}/{below}"
    letter = next(name for name in ("u", "w", "h", "moved") if name not in names.known[0])
    is_plain = at.isidentifier()
    leaf = _leaf(chain[-1], names, at if is_plain else letter, gamma)
    around = around[1:-1] if re.fullmatch(r"\([^()]*\)", around) else around
    text = leaf if around == "z" else f"{around}, where z = {leaf}"
    return text if is_plain else f"{text}, where {letter} = {at}"


def _shifted(shift: str) -> str:
    return f"(z - {shift[1:]})" if re.fullmatch(r"-[\w./]+", shift) else f"(z + {shift})"


def _leaf(parts: Sequence[AbstractFunction], names: Names, point: str, gamma: str) -> str:
    """Return the text of an operator at a point and a step size, the parameters under the user's names."""
    known = reference(type(parts[0]))
    told = {known.letters.get(name, name.removesuffix("_")): text for name, text in _parameters(parts, names)}
    told = {name: text for name, text in told.items() if text not in (_COMPUTED, _ROWS, _COLUMNS)}
    text = known.prox
    if "b" in inspect.signature(type(parts[0])).parameters and "b" not in told:
        text = _without_zero(text, "b")
    for name in (name for name, value in told.items() if value == "1"):
        text = re.sub(rf"\b{name}(?:_[a-z])? (?=(?:[a-zA-Z]|lambda)\b)", "", text)
        text = re.sub(rf"\b(gamma|lambda(?:_\d)?) {name}(?:_[a-z])?\b", r"\1", text)
    if gamma == "1":
        text = re.sub(r"(\d) gamma\b", r"\1", text.replace(" / gamma", ""))
        text = re.sub(r"\bgamma (?=(?:[a-zA-Z]|lambda|tau|sigma|softmax|weights|min|theta)(?:\b|_)|\()", "", text)
    values = {**{name: _atom(value) for name, value in told.items()}, "gamma": _atom(gamma), "x": point, "X": point}
    words = "|".join(map(re.escape, sorted(values, key=len, reverse=True)))
    text = re.sub(
        rf"\b({words})(?![a-zA-Z])(_[a-z](?![a-z]))?", lambda match: _put(values[match.group(1)], match.group(2) or ""), text
    )
    return text.replace("(1 + 1)", "2").replace("1 - 1 <=", "0 <=")


def _without_zero(text: str, name: str) -> str:
    """Return the text of an operator without a shift that is zero."""
    text = re.sub(rf"\((\w+) - {name}\)", r"\1", text)
    text = re.sub(rf"\b{name} - ", "-", text)
    return re.sub(rf"\b{name}\b(?! [a-z=])|\b{name}(?= between)", "0", re.sub(rf"\b{name} \+ ", "", text))


def _put(value: str, place: str) -> str:
    return value if re.fullmatch(r"[\d./()+-]+", value) else f"{value}{place}"


def _atom(text: str) -> str:
    return text if re.fullmatch(r"[\w.]+|sqrt\([^()]*\)", text) else f"({text})"


def _product(left: str, right: str) -> str:
    if left == "1":
        return right
    return left if right == "1" else f"{_atom(left)} {_atom(right)}"


def _difference(left: str, right: str) -> str:
    if re.fullmatch(r"-[\w./]+", right):
        return f"{left} + {right[1:]}"
    return f"{left} - {_atom(right)}"
