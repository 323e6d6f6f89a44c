"""The node kinds of the algebra: immutable, interned, pointful.

A tensor expression is a scalar-valued body with free indices: ``A x`` is ``sum_j A[i, j] x[j]`` with ``i`` free. Nodes
are made once: two nodes with the same fields are the same object, so equality is identity and a shared part is stored
once. Nodes carry structure alone (their fields, a digest for a stable order, the indices that are free in them); every
operation on them lives elsewhere. Make sums, products and powers by the constructors of ``expr.build``, which keep the
normal shape that the rest of the house relies on.
"""

from __future__ import annotations

import itertools
import weakref
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b
from typing import Any

#: The living nodes by their fields.
_TABLE: dict[tuple[Any, ...], weakref.KeyedRef[tuple[Any, ...], Expr]] = {}
_FRESH = itertools.count(1)
#: The fields of each kind with their defaults.
_DEFAULTS: dict[type, tuple[tuple[str, Any], ...]] = {}


class _Interning(type):
    """Makes a class return the node that already exists for the same fields."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Return the one node with these fields."""
        if kwargs or len(args) < len(cls.__match_args__):  # type: ignore[attr-defined]
            args = _complete(cls, args, kwargs)
        key = (cls, args)
        reference = _TABLE.get(key)
        node = None if reference is None else reference()
        if node is None:
            node = super().__call__(*args)
            _TABLE[key] = weakref.KeyedRef(node, _forget, key)
        return node


def _forget(reference: weakref.KeyedRef[tuple[Any, ...], Expr]) -> None:
    """Take a node that is gone out of the table, unless another was made from its fields since."""
    if _TABLE.get(reference.key) is reference:
        del _TABLE[reference.key]


def _complete(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    defaults = _DEFAULTS.get(cls)
    if defaults is None:
        defaults = _DEFAULTS[cls] = tuple((entry.name, entry.default) for entry in fields(cls) if entry.init)
    if not kwargs:
        return args + tuple(default for _, default in defaults[len(args) :])
    values = list(args)
    for name, default in defaults[len(args) :]:
        values.append(kwargs.pop(name) if name in kwargs else default)
    if kwargs:
        raise TypeError(f"{cls.__name__} has no field {next(iter(kwargs))!r}")
    return tuple(values)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Expr(metaclass=_Interning):
    """The base of all nodes."""

    digest: bytes = field(init=False, default=b"")
    free_indices: frozenset[Index] = field(init=False, default=frozenset())

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", _digest(self))
        object.__setattr__(self, "free_indices", _free_indices(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return (_unflatten, (_flatten(self),))

    def __copy__(self) -> Expr:
        return self

    def __deepcopy__(self, memo: object) -> Expr:
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(_short(value) for value in node_fields(self))})"


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a tensor symbol: its entries are numbered from ``origin`` to ``origin + size - 1``."""

    size: Expr
    origin: int = 1
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Number(Expr):
    """An exact rational; with ``ulp`` a printed decimal, known to one unit of its last digit."""

    value: Fraction
    ulp: Fraction | None = None


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Constant(Expr):
    """A named constant of the catalogue: 'pi', 'e', 'infinity'."""

    name: str


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Symbol(Expr):
    """A scalar (no axes) or a tensor with axes of symbolic size.

    A tensor symbol never stands alone in an expression: it is the head of an ``Element``. ``properties`` are
    words such as 'integer', 'positive', 'nonnegative', 'simplex' (sums to one over its last axis),
    'symmetric', 'size' (a nonnegative integer that measures an axis).
    """

    name: str
    axes: tuple[Axis, ...] = ()
    properties: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Index(Expr):
    """An integer that runs from ``lower`` to ``upper``, both included. ``uid`` tells indices of one name apart."""

    name: str
    uid: int
    lower: Expr
    upper: Expr


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Element(Expr):
    """One entry of a tensor symbol: as many integer-valued subscripts as the symbol has axes."""

    symbol: Symbol
    indices: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Add(Expr):
    """``sum_k weights[k] * terms[k]``; an exact constant is the term ``Number(1)``. At least one term."""

    terms: tuple[Expr, ...]
    weights: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Multiply(Expr):
    """A product of at least two factors; exact numbers are weights of ``Add`` and never stand here."""

    factors: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Power(Expr):
    """``base ** exponent``. A quotient is a product with a power of -1."""

    base: Expr
    exponent: Expr


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Apply(Expr):
    """An elementwise function of the catalogue at scalar arguments."""

    function: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Reduce(Expr):
    """``operation`` ('sum', 'prod', 'max', 'min') of ``body`` over all values of the bound ``indices`` where ``where`` holds.

    ``where`` is a condition or None; a body is never evaluated where its condition fails.
    """

    operation: str
    indices: tuple[Index, ...]
    body: Expr
    where: Expr | None = None


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class TensorEntry(Expr):
    """Entry ``at`` of a tensor function (softmax, inverse, det, logsumexp, norm2, argmax ...) of the tensor
    ``bound -> body``; ``at`` is empty when the function's value is a scalar."""

    function: str
    bound: tuple[Index, ...]
    body: Expr
    at: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Compare(Expr):
    """A condition ``left relation right`` with relation one of = != < <= > >=."""

    relation: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Logic(Expr):
    """'and', 'or', 'not' of conditions."""

    operation: str
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Iverson(Expr):
    """1 where the condition holds, else 0. As a factor its zero is strong: what it multiplies is not evaluated there."""

    condition: Expr


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Piecewise(Expr):
    """The value of the first branch whose condition holds, else ``otherwise``."""

    conditions: tuple[Expr, ...]
    values: tuple[Expr, ...]
    otherwise: Expr


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Operator(Expr):
    """An opaque operator with laws: 'expectation', 'variance', 'covariance', 'probability', 'integral', 'limit', 'argmin',
    'derivative'. ``bound`` are the symbols that it binds (or differentiates by), ``operands`` what it acts on, ``parameters`` the rest
    (limits of an integral, the condition of a probability)."""

    kind: str
    bound: tuple[Expr, ...]
    operands: tuple[Expr, ...]
    parameters: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Call(Expr):
    """An unknown function at its arguments; ``orders`` counts how often it is differentiated by each."""

    function: str
    arguments: tuple[Expr, ...]
    orders: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True, repr=False)
class Hole(Expr):
    """Text that could not be read. It equals nothing but itself, and what contains it is not decided."""

    text: str
    reason: str


def fresh_index(name: str, lower: Expr, upper: Expr) -> Index:
    """Return an index that occurs nowhere else."""
    return Index(name, next(_FRESH), lower, upper)


def node_fields(node: Expr) -> tuple[Any, ...]:
    """Return the values that the node was made from, in their order."""
    names: tuple[str, ...] = type(node).__match_args__
    return tuple([getattr(node, name) for name in names])


#: The bytes of a hash, of the uid of an index, and of all uids that a digest holds at most.
_HASH, _UID, _UIDS = 12, 9, 16 * 9
_NO_INDICES: frozenset[Index] = frozenset()


def _digest(node: Expr) -> bytes:
    """Return a key that orders nodes alike in every run: by what they are, then by the uids of their indices, the older first.

    It is a hash that does not see uids, some uids in the order of occurrence, and a hash that sees them all.
    """
    name = type(node).__name__.encode()
    shape, seen = [name], [name]
    uids: list[bytes] = []
    for value in node_fields(node):
        if isinstance(value, Expr):
            _feed_node(shape, seen, uids, value)
        elif isinstance(node, Index) and value is node.uid:
            uids.append((value + 2 ** (8 * _UID - 1)).to_bytes(_UID, "big"))
            seen += uids
        else:
            _feed(shape, seen, uids, value)
    unseen = blake2b(b"".join(shape), digest_size=_HASH).digest()
    if not uids:
        return unseen + unseen
    return unseen + b"".join(uids)[:_UIDS] + blake2b(b"".join(seen), digest_size=_HASH).digest()


def _feed_node(shape: list[bytes], seen: list[bytes], uids: list[bytes], node: Expr) -> None:
    """Add a part to the bytes that are hashed without uids and with them, and to the uids."""
    digest = node.digest
    shape.append(digest[:_HASH])
    seen.append(digest[-_HASH:])
    if len(digest) > 2 * _HASH:
        uids.append(digest[_HASH:-_HASH])


def _feed(shape: list[bytes], seen: list[bytes], uids: list[bytes], value: Any) -> None:
    """Add a value that is no node likewise."""
    kind = type(value)
    if kind is tuple:
        written = b"(%d" % len(value)
        shape.append(written)
        seen.append(written)
        for entry in value:
            (_feed_node if isinstance(entry, Expr) else _feed)(shape, seen, uids, entry)
        return
    if kind is frozenset:
        _feed(shape, seen, uids, tuple(sorted(value)))
        return
    if kind is Axis:
        _feed(shape, seen, uids, (value.size, value.origin, value.name))
        return
    if kind is Fraction:
        written = b"Fraction(%d, %d);" % (value.numerator, value.denominator)
    elif kind is str:
        written = _written_word(value)
    else:
        written = repr(value).encode() + b";"
    shape.append(written)
    seen.append(written)


@lru_cache(maxsize=4096)
def _written_word(word: str) -> bytes:
    return repr(word).encode() + b";"


def _free_indices(node: Expr) -> frozenset[Index]:
    match node:
        case Add(parts, _) | Multiply(parts) | Element(_, parts) | Apply(_, parts):
            return _union([part.free_indices for part in parts])
        case Power(base, exponent):
            return _union([base.free_indices, exponent.free_indices])
        case Reduce(_, bound, body, where):
            return _unbound(body.free_indices if where is None else body.free_indices | where.free_indices, bound)
        case TensorEntry(_, bound, body, at):
            return _union([_unbound(body.free_indices, bound), *[entry.free_indices for entry in at]])
        case Index(_, _, lower, upper):
            return lower.free_indices | upper.free_indices | {node}
        case Number() | Constant() | Symbol() | Hole():
            return _NO_INDICES
        case _:
            return _union([part.free_indices for part in _parts(node)])


def _union(sets: list[frozenset[Index]]) -> frozenset[Index]:
    """Return the union, one of the sets themselves where that is all."""
    found = _NO_INDICES
    for other in sets:
        if other and other is not found:
            found = found | other if found else other
    return found


def _unbound(inner: frozenset[Index], bound: tuple[Index, ...]) -> frozenset[Index]:
    limits = [limit.free_indices for index in bound for limit in (index.lower, index.upper)]
    return _union([inner, *limits]).difference(bound)


def _parts(node: Expr) -> list[Expr]:
    parts: list[Expr] = []
    for value in node_fields(node):
        if isinstance(value, Expr):
            parts.append(value)
        elif isinstance(value, tuple):
            parts += [entry for entry in value if isinstance(entry, Expr)]
    return parts


def _flatten(root: Expr) -> list[tuple[Any, ...]]:
    """List the nodes below ``root``, children first, each child as its place in the list: pickling stays flat."""
    places: dict[Expr, int] = {}
    table: list[tuple[Any, ...]] = []
    stack: list[tuple[Expr, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if node in places:
            continue
        if not ready:
            stack.append((node, True))
            stack.extend((part, False) for part in _pickled_parts(node))
            continue
        table.append((type(node), *(_encode(value, places) for value in node_fields(node))))
        places[node] = len(places)
    return table


def _pickled_parts(node: Expr) -> list[Expr]:
    sizes = [axis.size for axis in node.axes] if isinstance(node, Symbol) else []
    return _parts(node) + sizes


@dataclass(frozen=True, slots=True)
class _Reference:
    place: int


def _encode(value: Any, places: dict[Expr, int]) -> Any:
    if isinstance(value, Expr):
        return _Reference(places[value])
    if isinstance(value, tuple):
        return tuple(_encode(entry, places) for entry in value)
    if isinstance(value, Axis):
        return Axis(_encode(value.size, places), value.origin, value.name)
    return value


def _unflatten(table: list[tuple[Any, ...]]) -> Expr:
    nodes: list[Expr] = []
    for kind, *values in table:
        nodes.append(kind(*(_decode(value, nodes) for value in values)))
    return nodes[-1]


def _decode(value: Any, nodes: list[Expr]) -> Any:
    if isinstance(value, _Reference):
        return nodes[value.place]
    if isinstance(value, tuple):
        return tuple(_decode(entry, nodes) for entry in value)
    if isinstance(value, Axis):
        return Axis(_decode(value.size, nodes), value.origin, value.name)
    return value


def _short(value: Any) -> str:
    if isinstance(value, Symbol):
        return value.name
    if isinstance(value, Index):
        return f"{value.name}#{value.uid}"
    if isinstance(value, Number):
        return str(value.value)
    if isinstance(value, tuple):
        return "(" + ", ".join(_short(entry) for entry in value) + ")"
    if isinstance(value, Fraction):
        return str(value)
    return repr(value)
