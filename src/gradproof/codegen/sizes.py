"""Whole numbers in code: sizes and limits, and whether two of them are the same."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor, lcm

from gradproof.expr.build import ONE, add, apply, number, weighted_sum
from gradproof.expr.node import Add, Apply, Expr, Multiply, Number, Power, Symbol
from gradproof.expr.walk import transform


def size_text(node: Expr, names: Mapping[str, str]) -> str | None:
    """Return the code of a whole number, None where it has none; what is added up stands in parentheses."""
    match node:
        case Number(value) if value.denominator == 1:
            return str(value)
        case Symbol(name):
            return names.get(name)
        case Add():
            text = _sum(node, names, 1)
            return text and f"({text})"
        case Multiply(factors):
            return _joined([size_text(factor, names) for factor in factors], " * ")
        case Power(base, Number(value)) if value > 0 and value.denominator == 1:
            inner = size_text(base, names)
            return inner and f"{inner} ** {value}"
        case Apply("floor" | "ceil" as name, (inner,)):
            text = _rounded(name, inner, names)
            return text and f"({text})"
        case Apply("maximum" | "minimum" as name, arguments):
            listed = _joined([_bare(size_text(part, names)) for part in arguments], ", ")
            return listed and f"{name[:3]}({listed})"
    return None


def inexact_size_text(node: Expr, names: Mapping[str, str]) -> str | None:
    """Return the code of a size that is rounded from a quotient of sizes, None where it has none."""

    def code(part: Expr) -> str | None:
        return size_text(part, names) or inexact_size_text(part, names)

    match node:
        case Number(value):
            return str(value)
        case Add(terms, weights):
            parts = [inner and f"{weight} * {inner}" for weight, inner in zip(weights, map(code, terms), strict=True)]
            joined = _joined(parts, " + ")
            return joined and f"({joined})"
        case Apply("floor" | "ceil" as name, (inner,)):
            text = code(inner)
            return text and (f"int(({text}) // 1)" if name == "floor" else f"-int((-({text})) // 1)")
        case Multiply(factors):
            joined = _joined([code(factor) for factor in factors], " * ")
            return joined and f"({joined})"
        case Power(base, Number(value)) if value == -1:
            below = code(base)
            return below and f"(1 / {below})"
        case Apply("maximum" | "minimum" as name, arguments):
            listed = _joined([code(part) for part in arguments], ", ")
            return listed and f"{name[:3]}({listed})"
    return None


def same_size(one: Expr, other: Expr) -> bool:
    """Tell whether two sizes are the same whatever the sizes in them are: ``floor(h/2 + 1/2)`` is ``floor(h/2 - 1/2) + 1``."""
    return one is other or transform(one, _settled) is transform(other, _settled)


def bare(text: str) -> str:
    """Return code without the parentheses that are all around it."""
    return _bare(text) or text


def _sum(node: Add, names: Mapping[str, str], factor: int) -> str | None:
    """Return the code of a sum times a number that makes its weights whole; what is added comes before what is subtracted."""
    text = ""
    pairs = sorted(zip(node.weights, node.terms, strict=True), key=lambda pair: (pair[0] < 0, pair[1] is ONE))
    for own, term in pairs:
        weight = own * factor
        inner = size_text(term, names)
        if inner is None or weight.denominator != 1:
            return None
        size = abs(weight)
        part = str(size) if term is ONE else bare(inner) if size == 1 else f"{size} * {inner}"
        text = f"{text} {'-' if weight < 0 else '+'} {part}" if text else f"-{part}" if weight < 0 else part
    return text


def _rounded(name: str, inner: Expr, names: Mapping[str, str]) -> str | None:
    below = lcm(*(weight.denominator for weight in inner.weights)) if isinstance(inner, Add) else 1
    if isinstance(inner, Add):
        text = _sum(inner, names, below)
        above = text if text is None or text.replace("_", "").isalnum() else f"({text})"
    else:
        above = _quotient(inner, names)
        if above is not None:
            return above if name == "floor" else None
        return None
    if above is None:
        return None
    return f"{above} // {below}" if name == "floor" else f"-(-{above} // {below})"


def _quotient(node: Expr, names: Mapping[str, str]) -> str | None:
    """Return the code of ``floor(a b / c)``, with one size below."""
    match node:
        case Multiply(factors):
            below = [factor for factor in factors if isinstance(factor, Power) and factor.exponent is number(-1)]
            above = [size_text(factor, names) for factor in factors if factor not in below]
            if len(below) == 1 and isinstance(below[0], Power) and (divisor := size_text(below[0].base, names)):
                joined = _joined(above, " * ")
                return joined and f"{joined} // {divisor}"
    return None


def _settled(node: Expr) -> Expr:
    """Take the whole part of a rounded sum out of it."""
    match node:
        case Apply("floor" | "ceil" as name, (Add(terms, weights),)):
            constant = sum((weight for weight, term in zip(weights, terms, strict=True) if term is ONE), Fraction(0))
            whole = floor(constant)
            rest = weighted_sum([(Fraction(1), node.arguments[0]), (Fraction(-whole), ONE)])
            return add(number(whole), apply(name, rest))
    return node


def _joined(parts: list[str | None], between: str) -> str | None:
    known = [part for part in parts if part is not None]
    return between.join(known) if len(known) == len(parts) else None


def _bare(text: str | None) -> str | None:
    if text is None or not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and place < len(text) - 1:
            return text
    return text[1:-1]
