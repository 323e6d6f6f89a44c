"""Gradients of neighbour embeddings (SNE, t-SNE) by the position of one point, in the form that everybody writes.

For ``C = sum_ij p_ij log(p_ij / q_ij)`` with symmetric ``p`` that sums to one and ``q_ij = k(d_ij) / sum_kl k(d_kl)`` of squared distances
``d_ij = |y_i - y_j|^2``,

    dC/dy_i = -4 sum_j (p_ij - q_ij) k'(d_ij) / k(d_ij) (y_i - y_j)

Source: van der Maaten and Hinton 2008, appendix A. Whether the document's cost has that form is decided by the checker, as for every answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gradproof.checker.environment import Environment
from gradproof.completion.answer import Answer, Asked
from gradproof.derivation.tidy import tidied
from gradproof.derivative.differentiate import differentiate
from gradproof.expr.build import apply, divide, multiply, number, subtract
from gradproof.expr.node import Add, Apply, Element, Expr, Index, Number, Operator, Power, Reduce, Symbol
from gradproof.expr.walk import contains, postorder, symbols, transform

_DISTANCE, _WEIGHT = "Zd", "Zw"
_LETTERS = ("j", "l", "m", "k", "s")
_DEEPEST = 4


def embedding_answers(asked: Asked) -> Iterator[Answer]:
    """Yield the gradient of a divergence between two tables of similarities by one point."""
    body = asked.value.body
    if not (
        isinstance(body, Operator) and body.kind == "derivative" and len(body.bound) == 1 and isinstance(body.bound[0], Element)
    ):
        return
    point = body.bound[0]
    environment = asked.context.environment
    at = point.indices[0]
    if not isinstance(at, Index) or set(asked.value.axes) != set(point.indices[1:]) | ({at} & set(asked.value.axes)):
        return
    cost = environment.opened(body.operands[0])
    if not contains(cost, lambda node: isinstance(node, Apply) and node.function == "log"):
        return
    tables = sorted({node.symbol.name for node in postorder(cost) if isinstance(node, Element) and len(node.indices) == 2})
    moved = [name for name in tables if environment.named(name) and environment.depends(_table(cost, name), point.symbol)]
    fixed = [name for name in tables if name not in moved and name != point.symbol.name]
    for near, given in ((near, given) for near in moved for given in fixed):
        yield from _gradients(asked, environment, point, near, given)


def _table(cost: Expr, name: str) -> Symbol:
    return next(node.symbol for node in postorder(cost) if isinstance(node, Element) and node.symbol.name == name)


def _gradients(asked: Asked, environment: Environment, point: Element, near: str, given: str) -> Iterator[Answer]:
    named = environment.named(near)
    if named is None or len(named.axes) != 2:
        return
    attraction = _attraction(named.body, named.axes, environment, point.symbol)
    if attraction is None:
        return
    coefficient, attraction = _coefficient(tidied(multiply(number(4), attraction)))
    first = point.indices[0]
    assert isinstance(first, Index)
    letter = next(letter for letter in _LETTERS if letter != first.name)
    notation = asked.notation
    pair = f"_{{{first.name}{letter}}}"
    entry = {name: notation.indexed.get(name, notation.spelled.get(name, name)) for name in (near, given, point.symbol.name)}
    place = entry[point.symbol.name]
    gap = f"{place}_{first.name} - {place}_{letter}"
    distance = f"\\|{gap}\\|^2" if len(point.indices) > 1 else f"({gap})^2"
    head = f"{'' if coefficient == 1 else coefficient} \\sum_{letter} ({entry[given]}{pair} - {entry[near]}{pair})".strip()
    for other, definition in environment.definitions().items():  # a kernel with a name of its own
        axes = definition.axes
        if len(axes) == 2 and other not in (near, given):
            kernel = _in_distance(definition.body, axes, point.symbol)
            if tidied(subtract(kernel, attraction)) == number(0):
                own = notation.indexed.get(other, notation.spelled.get(other, other))
                yield Answer(f"{head} {own}{pair} ({gap})")
    if not symbols(attraction):
        yield Answer(f"{head} ({gap})")
        return
    sign, _, rest = head.rpartition(" (")
    for latex in notation.written(multiply(attraction, Symbol(_WEIGHT)), ()):
        shown = latex.replace(f"\\mathrm{{{_DISTANCE}}}", distance)
        weight = f"\\mathrm{{{_WEIGHT}}}"
        if shown.startswith(f"\\frac{{{weight}}}"):
            below = shown.removeprefix(f"\\frac{{{weight}}}")
            below = f"{{1 + {distance}}}" if below == f"{{{distance} + 1}}" else below
            yield Answer(f"{sign} \\frac{{({rest} ({gap})}}{below}")
        elif shown.count(weight) == 1 and (shown.startswith(f"{weight} ") or shown.endswith(f" {weight}")):
            yield Answer(f"{head} {shown.replace(weight, '').strip()} ({gap})")


def _attraction(body: Expr, axes: tuple[Index, ...], environment: Environment, place: Symbol) -> Expr | None:
    """Return ``-k'(d) / k(d)`` in the squared distance; None where the table is made of none."""
    for _ in range(_DEEPEST):
        inside = _in_distance(body, axes, place)
        if inside is not body:
            slope = tidied(differentiate(apply("log", inside), Symbol(_DISTANCE)))
            slope = tidied(divide(differentiate(inside, Symbol(_DISTANCE)), inside)) if contains(slope, _is_log) else slope
            return None if slope.free_indices else tidied(multiply(number(-1), slope))
        further = environment.opened(body)
        if further is body:
            return None
        body = further
    return None


def _is_log(node: Expr) -> bool:
    return isinstance(node, Apply) and node.function == "log"


def _in_distance(body: Expr, axes: tuple[Index, ...], place: Symbol) -> Expr:
    """Put a letter for the squared distance of the two points that the axes number."""
    rows = {axes[0], axes[1]}

    def change(node: Expr) -> Expr:
        square = node.body if isinstance(node, Reduce) and node.operation == "sum" and node.where is None else node
        points = _points(square, place)
        is_whole = bool(points) and isinstance(node, Reduce) == (len(points[0].indices) == 2)
        return Symbol(_DISTANCE) if is_whole and {point.indices[0] for point in points} == rows else node

    return transform(body, change)


def _points(square: Expr, place: Symbol) -> list[Element]:
    """Return the two points of ``(y_i - y_j)^2``, nothing for anything else."""
    if not (isinstance(square, Power) and isinstance(square.exponent, Number) and square.exponent.value == 2):
        return []
    gap = square.base
    if not (isinstance(gap, Add) and len(gap.terms) == 2 and sorted(gap.weights) == [-1, 1]):
        return []
    found = [term for term in gap.terms if isinstance(term, Element) and term.symbol.name == place.name]
    return found if len(found) == 2 else []


def _coefficient(node: Expr) -> tuple[Fraction, Expr]:
    if isinstance(node, Add) and len(node.terms) == 1:
        return node.weights[0], node.terms[0]
    return (node.value, number(1)) if isinstance(node, Number) else (Fraction(1), node)
