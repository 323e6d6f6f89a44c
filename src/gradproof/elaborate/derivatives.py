"""Derivative notation: quotients of partial signs, operators in front of what they act on, gradients.

A derivative becomes ``Operator('derivative', (variable entry, ...), (operand,))`` and is taken later, when all definitions of
the document are known. The axes of the result follow the reading's layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradproof.elaborate import applications
from gradproof.elaborate.names import spoken
from gradproof.elaborate.references import is_transpose, reference_of
from gradproof.elaborate.trouble import Unreadable
from gradproof.elaborate.value import Value, elementwise, mapped, transposed
from gradproof.expr import build
from gradproof.expr.node import Call, Element, Expr, Index, Operator, Symbol, fresh_index
from gradproof.expr.walk import symbols
from gradproof.reader.presentation import Adjacent, Fenced, Fraction, Infix, Listing, Name, Numeral, Place, Prefix, Scripted, Tree
from gradproof.reader.walk import subtrees

if TYPE_CHECKING:
    from gradproof.elaborate.lowering import Lowering

_SIGNS = frozenset({"partial", "d"})


@dataclass(frozen=True, slots=True)
class Target:
    """A variable of differentiation: the entry that the derivative is taken by, and the axes that this adds."""

    variable: Expr
    axes: tuple[Index, ...]


def fraction(lowering: Lowering, tree: Fraction) -> Value:
    """Return a quotient, or a derivative where it is written as one."""
    if not tree.bar:
        arguments = [lowering.value(tree.numerator), lowering.value(tree.denominator)]
        return applications.elementwise_call(lowering, lambda *bodies: build.apply("binomial", *bodies), arguments)
    parts = _derivative_parts(tree)
    if parts is not None:
        operand, variables = parts
        if operand is None:
            raise Unreadable("U110", "a derivative sign with nothing behind it")
        unknown = _of_unknown_function(lowering, operand, variables)
        if unknown is not None:
            return unknown
        return differentiated(lowering, lowering.value(operand), _targets(lowering, variables))
    numerator, denominator = lowering.value(tree.numerator), lowering.value(tree.denominator)
    if denominator.rank == 0:
        return mapped(lambda body: build.divide(body, denominator.body), numerator)
    lowering.note("the quotient of vectors is taken entry by entry")
    return elementwise(build.divide, numerator, denominator, lowering.scope.sizes, "a quotient")


def is_operator(tree: Tree) -> bool:
    """Tell whether a tree is a derivative sign that waits for what it acts on."""
    if isinstance(tree, Fraction):
        parts = _derivative_parts(tree)
        return parts is not None and parts[0] is None
    return _is_nabla(tree)


def operator(lowering: Lowering, rest: tuple[Tree, ...]) -> tuple[Value, tuple[Tree, ...]] | None:
    """Apply a derivative sign at the head of ``rest`` to what follows."""
    if len(rest) < 2 or not is_operator(rest[0]):
        return None
    head = rest[0]
    if isinstance(head, Fraction):
        parts = _derivative_parts(head)
        assert parts is not None
        operand: Tree = rest[1] if len(rest) == 2 else Adjacent(rest[1:], rest[1].place)
        return differentiated(lowering, lowering.value(operand), _targets(lowering, parts[1])), ()
    return _gradient(lowering, head, rest[1:])


def before_product(
    lowering: Lowering, tree: Tree, factors: list[tuple[str, str, Tree]]
) -> tuple[Tree, list[tuple[str, str, Tree]]]:
    """Move what a derivative sign at the head of ``tree`` acts on into it: the factors behind a product sign, up to the next such sign.

    Args: factors: product signs with what follows them, in order.  Returns: the tree to read, and the factors that are left.
    """
    if not isinstance(tree, Adjacent) or not is_operator(tree.items[0]) or any(map(is_operator, tree.items[1:])):
        return tree, factors
    head, *rest = tree.items
    if not isinstance(head, Fraction) and _may_be_function(lowering, tuple(rest)):
        return tree, factors
    count = 0
    while count < len(factors) and factors[count][0] == "*" and not any(map(has_sign, subtrees(factors[count][2]))):
        count += 1
    if not count or lowering.answer("reach") == "factor":
        return tree, factors
    operand: Tree = rest[0] if len(rest) == 1 else Adjacent(tuple(rest), rest[0].place)
    for operator, symbol, factor in factors[:count]:
        operand = Infix(operator, operand, factor, Place(operand.place.start, factor.place.end), symbol)
    return Adjacent((head, operand), tree.place), factors[count:]


def takes_sum(lowering: Lowering, first: Tree, others: list[Tree]) -> bool:
    """Tell whether a derivative sign at the head of a sum takes all of it: ``\\frac{d}{dx} x^2 + 3 x``.

    That takes scalar terms, no second derivative sign, and no function by name at its head: ``\\nabla_w L + \\lambda w``.
    """
    head, *rest = _flat(first)
    if not rest or not is_operator(head) or any(map(has_sign, (node for tree in (*rest, *others) for node in subtrees(tree)))):
        return False
    if _may_be_function(lowering, tuple(rest)):
        return False
    return not any(lowering.value(tree).rank for tree in others) and lowering.answer("sum_reach") == "sum"


def of_sum(lowering: Lowering, first: Tree, others: list[tuple[str, Tree]]) -> Value:
    """Return the derivative of a sum whose sign stands in front of its first term; ``others`` are the further signs and terms."""
    head, operand = _without_head(first)
    for sign, term in others:
        operand = Infix(sign, operand, term, Place(operand.place.start, term.place.end))
    return lowering.value(Adjacent((head, operand), Place(head.place.start, operand.place.end)))


def _without_head(tree: Tree) -> tuple[Tree, Tree]:
    """Split a product into its first thing and the rest."""
    if isinstance(tree, Infix):
        head, left = _without_head(tree.left)
        return head, Infix(tree.operator, left, tree.right, tree.place, tree.symbol)
    head, *rest = _items(tree)
    return head, rest[0] if len(rest) == 1 else Adjacent(tuple(rest), rest[0].place)


def _flat(tree: Tree) -> list[Tree]:
    """Return the first thing of a product, and the others."""
    found: list[Tree] = []
    while isinstance(tree, Infix) and tree.operator == "*":
        found.append(tree.right)
        tree = tree.left
    return [*_items(tree), *reversed(found)]


def has_sign(tree: Tree) -> bool:
    """Tell whether a tree is a derivative sign, or a quotient written with two of them."""
    return is_operator(tree) or (isinstance(tree, Fraction) and _derivative_parts(tree) is not None)


def differentiated(lowering: Lowering, operand: Value, targets: list[Target]) -> Value:
    """Return the derivative of a value by the targets, its axes in the layout of the reading."""
    body = Operator("derivative", tuple(target.variable for target in targets), (operand.body,))
    added = tuple(index for target in targets for index in target.axes)
    if not added:
        return Value(body, operand.axes, operand.is_row)
    if not operand.axes:
        is_row = len(added) == 1 and lowering.answer("layout") == "numerator"
        if len(added) == 2 and len(targets) == 1 and lowering.answer("layout") == "numerator":
            added = added[::-1]
        return Value(body, added, is_row)
    if len(operand.axes) == len(added) == 1 and lowering.answer("jacobian") == "inputs":
        return Value(body, added + operand.axes)
    return Value(body, operand.axes + added)


# Quotients of derivative signs ----------------------------------------------------------------------------------------


def _derivative_parts(tree: Fraction) -> tuple[Tree | None, list[tuple[Tree, int]]] | None:
    """Split ``d^2 f / dx dy`` into what is differentiated (None: it follows) and the variables with their orders."""
    sign = _leading_sign(tree.numerator)
    if sign is None or _leading_sign(tree.denominator) != sign:
        return None
    variables = _variables(tree.denominator, sign)
    if not variables:
        return None
    numerator = _items(tree.numerator)[1:]
    if not numerator:
        return None, variables
    return (numerator[0] if len(numerator) == 1 else Adjacent(numerator, tree.numerator.place)), variables


def _items(tree: Tree) -> tuple[Tree, ...]:
    return tree.items if isinstance(tree, Adjacent) else (tree,)


def _leading_sign(tree: Tree) -> str | None:
    head = _items(tree)[0]
    name = head.base if isinstance(head, Scripted) and head.sub is None else head
    if isinstance(name, Name) and name.text in _SIGNS and not name.accents and not name.primes:
        return name.text
    return None


def _variables(tree: Tree, sign: str) -> list[tuple[Tree, int]]:
    found: list[tuple[Tree, int]] = []
    items = list(_items(tree))
    while items:
        head = items.pop(0)
        if not (isinstance(head, Name) and head.text == sign) or not items:
            return []
        found.append(_with_order(_without_fence(items.pop(0))))
        if items and isinstance(items[0], Fenced):  # the variable of an unreadable kind: X(i - 1)
            return []
    return found


def _without_fence(tree: Tree) -> Tree:
    return tree.body if isinstance(tree, Fenced) and tree.body is not None and tree.opening == "(" else tree


def _with_order(tree: Tree) -> tuple[Tree, int]:
    """``x^2`` below a derivative sign means twice by x."""
    if isinstance(tree, Scripted) and isinstance(tree.sup, Numeral) and tree.sup.text.isdigit():
        base = tree.base if tree.sub is None else Scripted(tree.base, tree.sub, None, tree.place)
        return base, min(int(tree.sup.text), 9)
    return tree, 1


def _targets(lowering: Lowering, variables: list[tuple[Tree, int]]) -> list[Target]:
    return [target(lowering, tree) for tree, order in variables for _ in range(order)]


def target(lowering: Lowering, tree: Tree) -> Target:
    """Return the variable that a tree names: a scalar, an entry, or a tensor with new axes for its entries."""
    if isinstance(tree, Adjacent) and len(tree.items) == 2 and isinstance(tree.items[1], Fenced):
        tree = tree.items[0]  # dy(x)/dt and the like: the quantity is meant
    read = reference_of(tree)
    if read is None:
        raise Unreadable("U110", "no rule for this variable of differentiation")
    value = lowering.quantity(read[0])
    if isinstance(value.body, Call) and not value.axes:  # by an intermediate quantity: df/du where u is a function itself
        return Target(lowering.scope.symbol(value.body.function, lowering.position), ())
    if value.axes and not isinstance(value.body, Element):
        raise Unreadable("U110", f"{spoken(read[0].key)} cannot be differentiated by")
    axes = tuple(fresh_index(index.name, index.lower, index.upper) for index in value.axes)
    if value.axes:
        assert isinstance(value.body, Element)
        places = value.body.indices[: len(value.body.indices) - len(axes)] + axes
        return Target(Element(value.body.symbol, places), axes)
    if not isinstance(value.body, Symbol | Element):
        raise Unreadable("U110", f"{spoken(read[0].key)} cannot be differentiated by")
    return Target(value.body, ())


# Gradients --------------------------------------------------------------------------------------------------------------


def _is_nabla(tree: Tree) -> bool:
    """Tell whether a tree is a gradient sign: ``\\nabla``, or ``\\partial_w`` with the variable below it."""
    name = tree.base if isinstance(tree, Scripted) else tree
    if not isinstance(name, Name):
        return False
    return name.text == "nabla" or (name.text == "partial" and isinstance(tree, Scripted) and tree.sub is not None)


def _gradient(lowering: Lowering, head: Tree, rest: tuple[Tree, ...]) -> tuple[Value, tuple[Tree, ...]]:
    order = 1
    sub: Tree | None = None
    if isinstance(head, Scripted):
        sub = head.sub
        if head.sup is not None:
            if not (isinstance(head.sup, Numeral) and head.sup.text == "2"):
                raise Unreadable("U110", "no rule for this power of a gradient sign")
            order = 2
    bare = _without_transpose(lowering, rest)
    is_row = bare is not None
    rest = rest if bare is None else bare
    value, remaining = _operand(lowering, rest)
    if sub is not None:
        names = sub.items if isinstance(sub, Listing) else (sub,)
        if len(names) != 1:
            raise Unreadable("U110", "no rule for a gradient by several variables at once")
        wanted = names[0]
    else:
        wanted = _argument_of(rest[0], rest[1] if len(rest) > 1 else None)
    targets = [target(lowering, wanted) for _ in range(order)]
    gradient = differentiated(lowering, value, targets)
    return (transposed(gradient) if is_row else gradient), remaining


def _without_transpose(lowering: Lowering, rest: tuple[Tree, ...]) -> tuple[Tree, ...] | None:
    """Return ``f (x)`` for ``f (x)^T``, ``L`` for ``L^T``: the transpose of a gradient is written behind its function; else None."""
    head, behind = rest[0], rest[1] if len(rest) > 1 else None
    if isinstance(behind, Scripted) and isinstance(head, Name | Scripted) and applications.is_fence(behind):
        read = reference_of(head)
        is_function = behind.sub is None and is_transpose(behind.sup) and read is not None and read[1].power is None
        return (head, behind.base, *rest[2:]) if is_function and not _is_tensor(lowering, head) else None
    if isinstance(head, Scripted) and head.sub is None and is_transpose(head.sup) and isinstance(head.base, Name):
        return None if _is_tensor(lowering, head.base) else (head.base, *rest[1:])
    return None


def _is_tensor(lowering: Lowering, tree: Tree) -> bool:
    read = reference_of(tree)
    return read is None or lowering.scope.survey.rank(read[0].key) > 0


def _operand(lowering: Lowering, rest: tuple[Tree, ...]) -> tuple[Value, tuple[Tree, ...]]:
    """Return what a gradient sign acts on, and what it leaves: the product behind it, of ``f(x) d`` with a function f the function alone.

    The next derivative sign is never a part of it.
    """
    end = next((place for place, tree in enumerate(rest) if place and is_operator(tree)), len(rest))
    taken = applications.application(lowering, rest)
    value, remaining = taken if taken is not None else (lowering.value(rest[0]), rest[1:])
    behind = rest[end:]
    if len(remaining) <= len(behind):
        return value, remaining
    question = "named_reach" if _may_be_function(lowering, rest) else "reach"
    if value.rank or lowering.answer(question) == "product":  # a product such as x^T A x
        return lowering.value(Adjacent(rest[:end], rest[0].place)), behind
    return value, remaining


def _may_be_function(lowering: Lowering, rest: tuple[Tree, ...]) -> bool:
    """Tell whether a product begins with a quantity of the document that may depend on others: ``f(x)``, ``L``, what it defines by names."""
    tree = rest[0]
    read = reference_of(tree) if isinstance(tree, Name | Scripted) else None
    if read is None or read[1].power is not None:
        return False
    if len(rest) > 1 and applications.application(lowering, rest) is not None:
        name = tree.base if isinstance(tree, Scripted) else tree
        return not (isinstance(name, Name) and applications.catalogue_entry(lowering, name) is not None)
    definition = lowering.scope.definition(read[0].key, lowering.position)
    return read[0].key in applications.FUNCTION_LETTERS or (definition is not None and bool(symbols(definition.body)))


def _argument_of(head: Tree, fence: Tree | None) -> Tree:
    """The variable of a gradient without a subscript is the argument of its function."""
    if isinstance(fence, Fenced) and isinstance(fence.body, Name | Scripted):
        return fence.body
    raise Unreadable("U104", "the gradient does not say by what it is taken")


def taken_at(lowering: Lowering, rest: tuple[Tree, ...]) -> tuple[Value, tuple[Tree, ...]] | None:
    """Read ``\\frac{\\partial f}{\\partial y}(2, 0)`` at the head of ``rest``: the derivative of a function, at these arguments."""
    if len(rest) < 2 or not isinstance(rest[0], Fraction) or not applications.is_fence(rest[1]):
        return None
    parts = _derivative_parts(rest[0])
    if parts is None or not isinstance(parts[0], Name | Scripted):
        return None
    read = reference_of(parts[0])
    if read is None or read[0].subscripts or read[1].power is not None:
        return None
    arguments = applications.fence_arguments(rest[1])
    places = _places(lowering, read[0].key, [tree for tree, _ in parts[1]], len(arguments))
    if places is None:
        return None
    orders = [0] * len(arguments)
    for place, (_, order) in zip(places, parts[1], strict=True):
        orders[place] += order
    values = [lowering.value(argument) for argument in arguments]
    if any(value.rank for value in values):
        return None
    if not all(isinstance(argument, Name | Scripted | Numeral | Prefix) for argument in arguments):
        lowering.note("the parenthesis behind a derivative is where it is taken")
    value = Value(Call(read[0].key, tuple(value.body for value in values), tuple(orders)), ())
    return applications.with_fence_scripts(lowering, value, rest[1]), rest[2:]


def _places(lowering: Lowering, key: str, variables: list[Tree], count: int) -> list[int] | None:
    """Return which arguments of a function the variables are, or None where that is not known."""
    definition = lowering.scope.function(key, lowering.position, count) or lowering.scope.function(key, lowering.position)
    if definition is None:
        is_function = lowering.scope.survey.applied.get(key, 0) and not lowering.scope.is_known(key)
        return [0] * len(variables) if is_function and count == 1 and not lowering.scope.survey.rank(key) else None
    if len(definition.parameters) != count or definition.axes or any(parameter.axes for parameter in definition.parameters):
        return None
    if count == 1:
        return [0] * len(variables)
    names = [parameter.name for parameter in definition.parameters]
    keys = [read[0].key if (read := reference_of(tree)) is not None else "" for tree in variables]
    return [names.index(name) for name in keys] if all(name in names for name in keys) else None


def _of_unknown_function(lowering: Lowering, operand: Tree, variables: list[tuple[Tree, int]]) -> Value | None:
    """``\\frac{dg}{dx}`` of a function g that the document never defines is its derivative at x."""
    read = reference_of(operand) if isinstance(operand, Name | Scripted) else None
    if read is None or read[0].subscripts or len(variables) != 1:
        return None
    scope, key = lowering.scope, read[0].key
    if scope.is_known(key) or not scope.survey.applied.get(key, 0) or scope.survey.rank(key):
        return None
    (variable,) = _targets(lowering, [(variables[0][0], 1)])
    if variable.axes:
        return None
    return Value(Call(key, (variable.variable,), (variables[0][1],)), ())


def is_taken_at_its_variable(rest: tuple[Tree, ...]) -> bool:
    """``\\frac{dg}{dx}(x)``: the parenthesis repeats the variable and is no factor."""
    if len(rest) < 2 or not isinstance(rest[0], Fraction) or not isinstance(rest[1], Fenced):
        return False
    parts = _derivative_parts(rest[0])
    if parts is None or parts[0] is None or rest[1].body is None:
        return False
    read = reference_of(rest[1].body) if isinstance(rest[1].body, Name | Scripted) else None
    wanted = [reference_of(tree) for tree, _ in parts[1]]
    return read is not None and any(other is not None and other[0].key == read[0].key for other in wanted)
