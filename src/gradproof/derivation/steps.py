"""The steps of a derivation: parts get names from the inside out, and the chain rule leads from the outermost back to the variable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradproof.derivation.named import named_entry, with_names
from gradproof.derivation.notation import written
from gradproof.derivation.tidy import readable
from gradproof.derivative.differentiate import differentiate
from gradproof.expr.build import axis_index
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.expr.node import (
    Add,
    Apply,
    Element,
    Expr,
    Index,
    Multiply,
    Number,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
)
from gradproof.expr.walk import postorder, substitute, symbols, transform
from gradproof.formula.formula import Intermediate

_LETTERS = ("z", "u", "v", "s", "t", "r", "h", "g", "q")
_DEEPEST = 6
_MOST_AXES = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the rule's name, what was differentiated (``focus``), and what came out, in text and LaTeX.

    ``through`` names the part that the chain rule goes through.
    """

    rule: str
    focus: str
    result: str
    focus_latex: str
    result_latex: str
    through: str = ""

    def __str__(self) -> str:
        through = f" through {self.through}" if self.through else ""
        return f"{self.rule}{through}: {self.focus} = {self.result}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is differentiated: a value over its axes, by the entry ``at`` of a variable; ``parts`` are the names that the user gave."""

    value: Expr
    axes: tuple[Index, ...]
    wrt: Symbol
    at: tuple[Index, ...]
    variables: tuple[Symbol, ...]
    parts: tuple[Intermediate, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain: ``outer`` is written with the name of the part inside it."""

    outer: Expr
    part: Intermediate


def derivation_steps(problem: Problem) -> tuple[Step, ...]:
    """Return the steps that lead to the derivative: the names, the derivative of the outermost part, then the chain rule inwards."""
    return tuple(_Derivation(problem).steps())


class _Derivation:
    """The chain of one formula: ``f = outer(s), s = ...(z), z = ...(x)``."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.links = _chain(problem)
        self.parts = tuple(link.part for link in reversed(self.links))
        self.known = (*problem.variables, *(_symbol(part) for part in self.parts))

    def steps(self) -> Iterator[Step]:
        """Yield the steps."""
        problem = self.problem
        for place, part in enumerate(self.parts):
            yield self._name(part, self.parts[:place])
        if not self.links:
            yield self._derivative(rule_name(problem.value, problem.wrt), "f", problem.value, problem.wrt, problem.at)
            return
        first = self.links[0]
        symbol, places = _symbol(first.part), _places(first.part)
        yield self._derivative(rule_name(first.outer, symbol), "f", first.outer, symbol, places)
        whole = first.outer
        for link, inner in zip(self.links, self.links[1:], strict=False):
            symbol, places = _symbol(inner.part), _places(inner.part)
            local = self._local(link.part, inner.outer, symbol, places)
            if local is not None:
                yield local
            whole = _put_in(whole, link.part, inner.outer)
            yield self._derivative("chain rule", "f", whole, symbol, places, through=link.part.name)
        last = self.links[-1].part
        local = self._local(last, last.value, problem.wrt, problem.at)
        if local is not None:
            yield local
        words = "chain rule, with what stands outside," if problem.wrt in symbols(self.links[0].outer) else "chain rule"
        yield self._derivative(words, "f", problem.value, problem.wrt, problem.at, through=last.name)

    def _name(self, part: Intermediate, earlier: Sequence[Intermediate]) -> Step:
        value, _ = with_names(part.value, earlier)
        shown = written(value, part.axes, self.known)
        entry = written(named_entry(part), part.axes, self.known)
        left = entry if shown.matrix is not None else None
        text = left.short.text if left is not None else entry.index.text
        latex = left.short.latex if left is not None else entry.index.latex
        return Step("name", text, shown.short.text, latex, shown.short.latex)

    def _derivative(self, rule: str, name: str, value: Expr, wrt: Symbol, at: tuple[Index, ...], *, through: str = "") -> Step:
        axes = (*self.problem.axes, *at)
        result = readable(differentiate(value, wrt, at), axes)
        return self._step(rule, name, wrt, result, axes, through)

    def _local(self, part: Intermediate, value: Expr, wrt: Symbol, at: tuple[Index, ...]) -> Step | None:
        """Return the derivative of a part by what is inside it, where a matrix says it."""
        axes = (*part.axes, *at)
        if len(axes) > 2:
            return None
        result = readable(differentiate(value, wrt, at), axes)
        return self._step(rule_name(value, wrt), part.name, wrt, result, axes, "")

    def _step(self, rule: str, name: str, wrt: Symbol, result: Expr, axes: tuple[Index, ...], through: str) -> Step:
        named, _ = with_names(result, self.parts)
        shown = written(named, axes, self.known)
        left = f"d{name}/d{wrt.name}"
        if shown.matrix is None and shown.places:
            left = f"({left})[{', '.join(shown.places)}]"
        return Step(rule, left, shown.short.text, rf"\frac{{\partial {name}}}{{\partial {wrt.name}}}", shown.short.latex, through)


def _symbol(part: Intermediate) -> Symbol:
    entry = named_entry(part)
    assert isinstance(entry, Element | Symbol)
    return entry.symbol if isinstance(entry, Element) else entry


def _places(part: Intermediate) -> tuple[Index, ...]:
    symbol = _symbol(part)
    return tuple(axis_index(letter, axis) for axis, letter in zip(symbol.axes, "klmn", strict=False))


def _put_in(root: Expr, part: Intermediate, value: Expr) -> Expr:
    """Return an expression with a part's value, written with the name of the next part, for its name."""
    symbol = _symbol(part)

    def change(node: Expr) -> Expr:
        if node is symbol and not part.axes:
            return value
        if isinstance(node, Element) and node.symbol is symbol:
            return substitute(value, dict(zip(part.axes, node.indices, strict=True)))
        return node

    return transform(root, change)


# Finding the chain --------------------------------------------------------------------------------------------------------


def _chain(problem: Problem) -> list[Link]:
    """Return the links from the outermost inwards; parts that the user named come before parts that get a letter."""
    taken = {symbol.name for symbol in problem.variables} | {part.name for part in problem.parts}
    letters = [letter for letter in _LETTERS if letter not in taken]
    found: list[tuple[Expr, Intermediate]] = []
    value, remaining = problem.value, list(problem.parts)
    while len(found) < _DEEPEST:
        part, outer = _next_part(value, problem.wrt, remaining, f"part_{len(found)}")
        if part is None:
            break
        found.append((outer, part))
        value = part.value
    return _lettered(found, letters)


def _next_part(value: Expr, wrt: Symbol, remaining: list[Intermediate], name: str) -> tuple[Intermediate | None, Expr]:
    """Return the next part inside a value, and the value with its name."""
    while remaining:
        part = remaining.pop()
        outer, used = with_names(value, [part])
        if used and wrt in symbols(part.value):
            return part, outer
    for node in reversed(list(postorder(value))):
        for argument, bound in _arguments(node):
            candidate = _part(argument, bound, wrt, name)
            if candidate is None:
                continue
            outer, used = with_names(value, [candidate])
            if used:
                return candidate, outer
    return None, value


def _part(argument: Expr, bound: tuple[Index, ...], wrt: Symbol, name: str) -> Intermediate | None:
    """Return a composite argument that depends on the variable as a part, or None."""
    if wrt not in symbols(argument) or isinstance(argument, Element | Symbol):
        return None
    axes = tuple(sorted(argument.free_indices, key=lambda index: (index not in bound, index.uid)))
    if any(index.free_indices - {index} for index in axes) or len(axes) > _MOST_AXES:
        return None
    return Intermediate(name, argument, axes)


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


def _lettered(found: list[tuple[Expr, Intermediate]], letters: list[str]) -> list[Link]:
    """Give letters to the parts without a name, the innermost first."""
    names: dict[str, str] = {}
    free = iter(letters)
    for _, part in reversed(found):
        if part.name.startswith("part_"):
            names[part.name] = next(free, part.name)
    links: list[Link] = []
    for outer, part in found:
        new = Intermediate(names.get(part.name, part.name), part.value, part.axes)
        links.append(Link(_put_in(outer, part, named_entry(new)), new))
    return links


# Names of rules -----------------------------------------------------------------------------------------------------------


def rule_name(value: Expr, wrt: Symbol) -> str:
    """Return the rule that the outermost operation takes, factors that do not depend on the variable left aside."""
    match value:
        case Add(terms):
            moving = [term for term in terms if wrt in symbols(term)]
            return rule_name(moving[0], wrt) if len(moving) == 1 else "sum rule"
        case Reduce("sum" | "max" | "min" as operation, _, body, None):
            return rule_name(body, wrt) if operation == "sum" else f"derivative of {operation}"
        case Multiply(factors):
            moving = [factor for factor in factors if wrt in symbols(factor)]
            if len(moving) == 1:
                return rule_name(moving[0], wrt)
            below = [factor for factor in moving if isinstance(factor, Power) and _is_negative(factor.exponent)]
            return "quotient rule" if below else "product rule"
        case Power():
            return "power rule"
        case Apply(function):
            return f"derivative of {FUNCTIONS[function].text[0]}"
        case TensorEntry(function):
            return f"derivative of {TENSOR_FUNCTIONS[function].text[0]}"
        case _:
            return "linearity"


def _is_negative(exponent: Expr) -> bool:
    return isinstance(exponent, Number) and exponent.value < 0
