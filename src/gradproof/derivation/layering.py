"""The stages of a formula that was written in one piece: products of matrices inside functions inside products of matrices.

A network is one formula for its user, ``softmax(relu(X*W1)*W2)``. Differentiated in one piece its Jacobians would be multiplied with
each other; stage by stage only vectors go through them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import permutations

from gradproof.codegen.renaming import Renaming
from gradproof.derivation.tidy import with_named_functions
from gradproof.derivative.ties import DERIVED
from gradproof.expr.build import ONE, multiply, weighted_sum
from gradproof.expr.node import (
    Add,
    Apply,
    Axis,
    Compare,
    Element,
    Expr,
    Index,
    Iverson,
    Multiply,
    Piecewise,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
    fresh_index,
)
from gradproof.expr.walk import children, contains, postorder, rebuild, substitute, symbols, transform
from gradproof.formula.formula import Formula, Stage, Stages


def layered(formula: Formula) -> Formula:
    """Return a formula with its stages set apart, as it is where it has no layers upon layers."""
    stages = formula.stages
    whole, axes = (formula.value, formula.axes) if stages is None else (stages.value, stages.axes)
    roots = [*(stage.value for stage in (stages.order if stages is not None else ())), whole]
    if not any(map(_has_layers, roots)):
        return formula
    book = _Book(formula)
    if stages is None:
        book.name_parts()
    for stage in stages.order if stages is not None else ():
        value = book.apart(with_named_functions(stage.value))
        book.order.append(replace(stage, value=value, text=stage.text if value is stage.value else ""))
    value = book.apart(with_named_functions(whole))
    return replace(formula, stages=Stages(tuple(book.order), value, axes)) if book.order else formula


def _has_layers(root: Expr) -> bool:
    """Tell whether a product of matrices has a factor that is a function of such a product."""
    summed: set[Expr] = set()
    bent: set[Expr] = set()
    for node in postorder(root):
        parts = [part for part in children(node) if not isinstance(part, Index)]
        is_array = isinstance(node, Reduce) and bool(node.free_indices)
        if is_array and any(factor in bent and _is_repeated(factor, node) for factor in _factors(node)):
            return True
        if is_array or any(part in summed for part in parts):
            summed.add(node)
        if any(part in bent for part in parts) or (_is_bent(node) and any(part in summed for part in parts)):
            bent.add(node)
    return False


def _is_repeated(factor: Expr, node: Expr) -> bool:
    """Tell whether a factor of a sum would be computed again for every value of an index that it does not have."""
    return not node.free_indices <= factor.free_indices


def _factors(node: Expr) -> tuple[Expr, ...]:
    body = node.body if isinstance(node, Reduce) else node
    return body.factors if isinstance(body, Multiply) else (body,)


def _is_bent(node: Expr) -> bool:
    """Tell whether a node is no linear function of its parts."""
    return isinstance(node, Apply | TensorEntry | Power | Piecewise | Compare) or (
        isinstance(node, Reduce) and node.operation != "sum"
    )


@dataclass
class _Book:
    """The stages so far, each under its first form: the same part with other indices is the same stage."""

    formula: Formula
    order: list[Stage] = field(default_factory=list)

    def __post_init__(self) -> None:
        formula = self.formula
        self.common = Renaming()
        self.known: dict[tuple[Expr, tuple[Index, ...]], Stage] = {}
        given = formula.stages.order if formula.stages is not None else ()
        self.own = {stage.symbol for stage in given}
        roots = [formula.value, *(stage.value for stage in given)]
        self.taken = {symbol.name for root in roots for symbol in symbols(root)}
        self.taken |= {symbol.name for symbol in (*formula.symbols, *self.own)} | {part.name for part in formula.intermediates}
        #: The kinds of the parts that have a name: only those are looked for.
        self.kinds: set[type[Expr]] = set()

    def name_parts(self) -> None:
        """Enter the parts that the user named, where they are functions of stages; a softmax stays with its logarithm."""
        for part in self.formula.intermediates:
            value = self.apart(part.value)
            if value.free_indices and self._is_worth_its_name(value):
                self._entered(value, part.name, part.axes)
                self.kinds.add(type(value))

    def apart(self, root: Expr) -> Expr:
        """Return an expression in terms of its stages, which are entered before it."""
        return transform(root, self._step)

    def _step(self, node: Expr) -> Expr:
        made = self._apart_within(node)
        return self._known(made) if type(made) in self.kinds and made.free_indices else made

    def _apart_within(self, node: Expr) -> Expr:
        if isinstance(node, Reduce) and node.operation == "sum" and node.free_indices and not _is_of_powers(node):
            return self._of_factors(node)
        if _is_bent(node):
            parts = children(node)
            made = tuple(part if isinstance(part, Index) else self._of_sums(part) for part in parts)
            return node if made == parts else rebuild(node, made)
        return node

    def _known(self, node: Expr) -> Expr:
        """Return a part that is a stage, whatever its indices are called, as an entry of that."""
        for places in permutations(_places(node)):
            stage = self.known.get(self.common.of_output(node, places))
            if stage is not None:
                return Element(stage.symbol, places)
        return node

    def _of_factors(self, node: Reduce) -> Expr:
        """Return a sum of products in which the factors that are functions of stages are one stage."""
        layers = [factor for factor in _factors(node) if self._is_layer(factor)]
        layer = multiply(*layers)
        if not layers or not _is_repeated(layer, node):
            return node
        rest = [factor for factor in _factors(node) if factor not in layers]
        return Reduce("sum", node.indices, multiply(*rest, self._entered(layer, _word(layer))), node.where)

    def _is_layer(self, factor: Expr) -> bool:
        """Tell whether a part is a function of stages, and more than a stage itself."""
        if isinstance(factor, Element | Iverson) or not factor.free_indices:
            return False
        return contains(factor, lambda part: _is_bent(part) and self._reads_stages(part))

    def _is_worth_its_name(self, value: Expr) -> bool:
        """Tell whether a named part is a stage: an affine map, or a function of stages; a softmax stays with its logarithm."""
        if isinstance(value, Element | TensorEntry) or (isinstance(value, Apply) and value.function in ("exp", "sigma")):
            return False
        return self._reads_stages(value) or (isinstance(value, Add) and any(isinstance(term, Reduce) for term in value.terms))

    def _reads_stages(self, node: Expr) -> bool:
        return contains(node, lambda part: isinstance(part, Element) and part.symbol in self.own)

    def _of_sums(self, root: Expr) -> Expr:
        """Return what goes into a function with its outermost sums as stages."""
        match root:
            case Add(terms, weights):
                return weighted_sum(list(zip(weights, map(self._of_sums, terms), strict=True)))
            case Multiply(factors):
                return multiply(*map(self._of_sums, factors))
            case Reduce("sum") if root.free_indices and not _is_of_powers(root):
                return self._entered(root, "product" if len(_factors(root)) > 1 else "total")
        return root

    def _entered(self, node: Expr, word: str, axes: tuple[Index, ...] = ()) -> Expr:
        """Return a part as an entry of a stage, or as it is where its indices do not run over whole axes.

        Under ``axes``, those that the user gave it, the stage is called by the user's word; others are counted.
        """
        places = axes or _places(node)
        if any(index.lower is not ONE or index.upper.free_indices for index in places):
            return node
        known = self._known(node)
        if known is not node:
            return known
        symbol = Symbol(word if axes else self._name(word), tuple(Axis(index.upper) for index in places), frozenset({DERIVED}))
        fresh = tuple(fresh_index(index.name, index.lower, index.upper) for index in places)
        stage = Stage(symbol, substitute(node, dict(zip(places, fresh, strict=True))), fresh)
        self.known[self.common.of_output(node, places)] = stage
        self.order.append(stage)
        self.own.add(symbol)
        return Element(symbol, places)

    def _name(self, word: str) -> str:
        count = 1
        while f"{word}_{count}" in self.taken:
            count += 1
        self.taken.add(f"{word}_{count}")
        return f"{word}_{count}"


def _is_of_powers(node: Reduce) -> bool:
    """Tell whether a sum is one of powers of e: with what stands around it that is a softmax or its logarithm, which stay whole."""
    return any(isinstance(factor, Apply) and factor.function == "exp" for factor in _factors(node))


def _places(node: Expr) -> tuple[Index, ...]:
    """Return the free indices of a part in the order in which they were made: rows before columns."""
    return tuple(sorted(node.free_indices, key=lambda index: index.uid))


def _word(factor: Expr) -> str:
    """Return what a stage is called after: its outermost function."""
    match factor:
        case Apply(function) | TensorEntry(function):
            return function
    return "part"
