"""Proximal operators: ``\\operatorname{prox}_{\\lambda f}(v)`` is the minimiser of ``f(x) + |x - v|^2 / (2 lambda)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof.elaborate.names import label_of
from gradproof.elaborate.references import reference_of
from gradproof.elaborate.trouble import Unreadable
from gradproof.elaborate.value import Value, scalar, with_tensor
from gradproof.expr import build
from gradproof.expr.node import Axis, Compare, Element, Expr, Iverson, Operator, Symbol
from gradproof.reader.presentation import (
    Adjacent,
    Fenced,
    Infix,
    Name,
    Numeral,
    Scripted,
    Tree,
)

if TYPE_CHECKING:
    from gradproof.elaborate.lowering import Lowering


def label(tree: Tree) -> str:
    """Return a subscript as part of a function's name, or an empty string when it has to be understood."""
    return label_of(tree)


def proximal_function(tree: Tree) -> str | None:
    """Return the name of the function below the sign, ``h`` of ``\\operatorname{prox}_{\\gamma h}(v)``, or None where there is none."""
    if not (isinstance(tree, Adjacent) and len(tree.items) == 2 and isinstance(tree.items[0], Scripted)):
        return None
    head = tree.items[0]
    if not (isinstance(head.base, Name) and head.base.text == "prox" and head.sub is not None):
        return None
    function = _factors(head.sub)[-1]
    read = reference_of(function) if isinstance(function, Name | Scripted) else None
    return None if read is None else read[0].key


def proximal(lowering: Lowering, head: Scripted, fence: Tree) -> Value:
    """Return the proximal point of the fence's value under the function below the sign."""
    if head.sub is None or not isinstance(fence, Fenced) or fence.body is None:
        raise Unreadable("U110", "no rule for prox without a function")
    point = lowering.value(fence.body)
    axes = tuple(Axis(build.add(build.subtract(index.upper, index.lower), build.ONE)) for index in point.axes)
    variable = Symbol("x_prox", axes)
    entries = Value(Element(variable, point.axes), point.axes) if axes else scalar(variable)
    weight, function = _weight_and_function(lowering, head.sub)
    value = build.multiply(weight, _function_at(lowering, function, entries))
    gap = build.subtract(entries.body, point.body)
    distance = build.sum_over(list(point.axes), build.power(gap, build.TWO))
    objective = build.add(value, build.scale(build.HALF.value, distance))
    return Value(Operator("argmin", (entries.body,), (objective,)), point.axes)


def _weight_and_function(lowering: Lowering, sub: Tree) -> tuple[Expr, Tree]:
    """Split ``\\lambda \\gamma f`` into the weight and the function at its end."""
    items = _factors(sub)
    *weights, function = items
    bodies = [lowering.scalar(tree, "the weight of a proximal operator") for tree in weights]
    return (build.multiply(*bodies) if bodies else build.ONE), function


def _factors(sub: Tree) -> tuple[Tree, ...]:
    if isinstance(sub, Adjacent):
        return sub.items
    if isinstance(sub, Infix) and sub.operator == "*":
        return (*_factors(sub.left), sub.right)
    return (sub,)


def _function_at(lowering: Lowering, function: Tree, entries: Value) -> Expr:
    """Return a function of the document, or a norm of a dot, at the variable."""
    base = function.base if isinstance(function, Scripted) else function
    if isinstance(base, Fenced) and base.opening in "|‖":
        order = function.sub if isinstance(function, Scripted) else None
        square = isinstance(function, Scripted) and isinstance(function.sup, Numeral) and function.sup.text == "2"
        return _norm(order, square, base.opening, entries)
    read = reference_of(function) if isinstance(function, Name | Scripted) else None
    if read is None:
        raise Unreadable("U110", "no rule for the function of this proximal operator")
    definition = lowering.scope.function(read[0].key, lowering.position)
    if definition is None or len(definition.parameters) != 1:
        raise Unreadable("U103", f"the function {read[0].key} of the proximal operator is not defined")
    (parameter,) = definition.parameters
    return with_tensor(Value(definition.body), parameter, entries, lowering.scope.sizes).body


def _norm(order: Tree | None, square: bool, opening: str, entries: Value) -> Expr:
    name = order.text if isinstance(order, Numeral | Name) else ""
    axes = list(entries.axes)
    if name == "1" or (opening == "|" and not name):
        return build.sum_over(axes, build.apply("abs", entries.body))
    if name == "0" and not square:
        return build.sum_over(axes, Iverson(Compare("!=", entries.body, build.ZERO)))
    if name in ("2", "", "F"):
        squares = build.sum_over(axes, build.power(entries.body, build.TWO))
        return squares if square else build.square_root(squares)
    raise Unreadable("U110", "no rule for the norm of this proximal operator")
