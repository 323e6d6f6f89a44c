"""Functions that work entry by entry: all of the catalogue's, ``where``, indicators."""

from __future__ import annotations

from collections.abc import Callable

from gradproof.elaborate.value import Value
from gradproof.expr.build import TWO, power, square_root
from gradproof.expr.catalogue import FUNCTIONS, Function
from gradproof.expr.node import Apply, Expr, Iverson, Piecewise
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Entry, tensor
from gradproof.formula.kinds import Broadcast, Relation
from gradproof.reader.plain.tree import Tree

#: More spellings of catalogue functions, for people who come from other tools.
_ALSO = {"modulo": ("mod",), "arcsin": ("asin",), "arccos": ("acos",), "arctan": ("atan",)}
#: Activations that ``functions.activations`` reads with their options.
_WITH_OPTIONS = frozenset({"leaky_relu", "soft_threshold", "elu", "softplus", "hardtanh", "gelu"})
_LETTERS = ("x", "y", "z", "w")


def broadcast(arguments: Arguments) -> Relation:
    """Return the relation of a function that works entry by entry."""
    return Broadcast(arguments.constant)


def entrywise(make: Callable[..., Expr]) -> Callable[[Context, Arguments, tuple[Value, ...]], Value]:
    """Return the meaning of a function that works entry by entry."""

    def lower(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
        bodies, frame = context.aligned(values, arguments.tensors, arguments.call.head)
        return Value(make(*bodies), frame.axes, frame.is_row)

    return lower


def condition_of(context: Context, value: Value, tree: Tree) -> Expr:
    """Return the condition that a value is the indicator of.

    Raises: FormulaError: the value is no condition.
    """
    if isinstance(value.body, Iverson):
        return value.body.condition
    got = f"'{context.source.quote(tree.place)}'"
    raise context.source.error(tree.place, "a condition such as x > 0 was expected", got=got, remedy="Equality is written ==.")


def _where(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    bodies, frame = context.aligned(values, arguments.tensors, arguments.call.head)
    condition = condition_of(context, Value(bodies[0]), arguments.tensors[0])
    return Value(Piecewise((condition,), (bodies[1],), bodies[2]), frame.axes, frame.is_row)


def _indicator(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    condition_of(context, values[0], arguments.tensors[0])
    return values[0]


def _of_catalogue(function: Function) -> Entry:
    count = max(function.arity, 1)
    letters = _LETTERS if count <= len(_LETTERS) else tuple(f"x{place}" for place in range(count))
    return Entry(
        names=tuple(dict.fromkeys((*function.text, *_ALSO.get(function.name, ())))),
        parameters=tuple(tensor(letter) for letter in letters[:count]),
        relation=broadcast,
        lower=entrywise(lambda *bodies: Apply(function.name, bodies)),
    )


ENTRIES = (
    *(_of_catalogue(function) for function in FUNCTIONS.values() if function.arity > 0 and function.name not in _WITH_OPTIONS),
    Entry(("sqrt",), (tensor("x"),), broadcast, entrywise(square_root)),
    Entry(("square",), (tensor("x"),), broadcast, entrywise(lambda body: power(body, TWO))),
    Entry(("where",), (tensor("condition"), tensor("x"), tensor("y")), broadcast, _where),
    Entry(("indicator",), (tensor("condition"),), broadcast, _indicator),
)
