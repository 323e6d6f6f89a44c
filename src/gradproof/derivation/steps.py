"""The steps of a derivation: what is inside a function gets a name, is differentiated, and the chain rule puts it together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradproof.derivation.notation import Notation, written
from gradproof.derivation.tidy import tidied
from gradproof.derivative.differentiate import differentiate
from gradproof.derivative.rules import rule_of
from gradproof.expr.build import add, multiply, number
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.expr.node import Add, Apply, Axis, Element, Expr, Index, Multiply, Power, Reduce, Symbol, TensorEntry, fresh_index
from gradproof.expr.walk import postorder, substitute, symbols, transform

_LETTERS = ("z", "u", "r", "s", "t", "v", "h", "g", "q")
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the rule's name, what was differentiated (``focus``), and what came out, in text and LaTeX."""

    rule: str
    focus: str
    result: str
    focus_latex: str
    result_latex: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.focus} = {self.result}"


@dataclass(frozen=True, slots=True)
class Inner:
    """A part of the formula that got a name: ``symbol[axes] = value``."""

    symbol: Symbol
    axes: tuple[Index, ...]
    value: Expr


def derivation_steps(
    value: Expr, axes: tuple[Index, ...], wrt: Symbol, at: tuple[Index, ...], variables: Sequence[Symbol], names: Sequence[str] = ()
) -> tuple[Step, ...]:
    """Return the steps that lead to the derivative of a value by a variable.

    Args: names: the names that the user gave to parts of the formula, from the inside out.
    """
    taken = {symbol.name for symbol in variables}
    letters = iter([*(name for name in names), *(letter for letter in _LETTERS if letter not in taken and letter not in names)])
    return tuple(_steps(_Target(value, axes, "f"), wrt, at, tuple(variables), letters, 0))


@dataclass(frozen=True, slots=True)
class _Target:
    """What is differentiated: a value over its axes, and its name in the steps."""

    value: Expr
    axes: tuple[Index, ...]
    name: str


def _steps(
    target: _Target, wrt: Symbol, at: tuple[Index, ...], variables: tuple[Symbol, ...], letters: Iterator[str], depth: int
) -> Iterator[Step]:
    inner = _inner_part(target.value, wrt, letters) if depth < _DEEPEST else None
    whole = tidied(differentiate(target.value, wrt, at))
    if inner is None:
        yield _step(_rule_name(target.value), target.name, wrt, target, at, whole, variables)
        return
    named = written(inner.value, inner.axes, variables)
    yield Step("name", inner.symbol.name, named.text, inner.symbol.name, named.latex)
    outer = _with_name(target.value, inner)
    places = tuple(_index(axis, letter) for axis, letter in zip(inner.symbol.axes, "klmn", strict=False))
    known = (*variables, inner.symbol)
    by_inner = tidied(differentiate(outer, inner.symbol, places))
    yield _step(_rule_name(outer), target.name, inner.symbol, _Target(outer, target.axes, target.name), places, by_inner, known)
    yield from _steps(_Target(inner.value, inner.axes, inner.symbol.name), wrt, at, variables, letters, depth + 1)
    direct = wrt in symbols(outer)
    words = "chain rule" if not direct else "chain rule, with what stands outside"
    yield _step(words, target.name, wrt, target, at, _in_terms_of(whole, inner), known)


def _step(
    rule: str, name: str, wrt: Symbol, target: _Target, at: tuple[Index, ...], derivative: Expr, variables: Sequence[Symbol]
) -> Step:
    shown: Notation = written(derivative, (*target.axes, *at), variables)
    focus = f"d{name}/d{wrt.name}"
    return Step(rule, focus, shown.text, rf"\frac{{\partial {name}}}{{\partial {wrt.name}}}", shown.latex)


def _index(axis: Axis, letter: str) -> Index:
    lower = number(axis.origin)
    return fresh_index(letter, lower, add(axis.size, number(axis.origin - 1)))


# Names for inner parts ----------------------------------------------------------------------------------------------------


def _inner_part(value: Expr, wrt: Symbol, letters: Iterator[str]) -> Inner | None:
    """Name the outermost composite argument that depends on the variable."""
    for node in reversed(list(postorder(value))):
        for argument, bound in _arguments(node):
            if wrt not in symbols(argument) or _is_plain(argument):
                continue
            axes = tuple(sorted(argument.free_indices, key=lambda index: (index not in bound, index.uid)))
            if any(index.free_indices - {index} for index in axes) or len(axes) > 3:
                continue
            try:
                name = next(letters)
            except StopIteration:
                return None
            sizes = tuple(Axis(add(index.upper, number(1), multiply(number(-1), index.lower))) for index in axes)
            return Inner(Symbol(name, sizes), axes, argument)
    return None


def _arguments(node: Expr) -> list[tuple[Expr, tuple[Index, ...]]]:
    match node:
        case Apply(_, arguments):
            return [(argument, ()) for argument in arguments]
        case TensorEntry(_, bound, body):
            return [(body, bound)]
        case Power(base):
            return [(base, ())]
        case _:
            return []


def _is_plain(node: Expr) -> bool:
    return isinstance(node, Element | Symbol)


def _with_name(root: Expr, inner: Inner) -> Expr:
    """Put the name in wherever its value stands, over whatever indices."""

    def change(node: Expr) -> Expr:
        if node is inner.value:
            return Element(inner.symbol, inner.axes) if inner.axes else inner.symbol
        match = _instance_of(node, inner)
        return node if match is None else match

    return transform(root, change)


def _instance_of(node: Expr, inner: Inner) -> Expr | None:
    """Return the entry of the named part that a node is, where it is the part at other indices."""
    if not inner.axes or type(node) is not type(inner.value) or len(node.free_indices) != len(inner.axes):
        return None
    others = sorted(node.free_indices, key=lambda index: index.uid)
    moved = substitute(inner.value, dict(zip(inner.axes, others, strict=True)))
    return Element(inner.symbol, tuple(others)) if moved is node else None


def _in_terms_of(derivative: Expr, inner: Inner) -> Expr:
    """Write a derivative with the name of the inner part where that is shorter."""
    return _with_name(derivative, inner)


def _rule_name(value: Expr) -> str:
    match value:
        case Apply(function):
            return f"derivative of {FUNCTIONS[function].text[0]}"
        case TensorEntry(function):
            return f"derivative of {TENSOR_FUNCTIONS[function].text[0]}"
        case Reduce("sum", _, body):
            return _rule_name(body) if not isinstance(body, Multiply) else "linearity"
        case Add():
            return "linearity"
        case Multiply(factors) if len(factors) > 1:
            return "product rule"
        case _:
            rule = rule_of(value)
            return rule.name if rule is not None else "derivative of a variable"
