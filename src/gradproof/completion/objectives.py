"""The objective that an algorithm minimises: the scalar quantity of the document that depends on the stepped variable, and its derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gradproof.checker.environment import Environment
from gradproof.completion.answer import Asked
from gradproof.completion.names import with_names
from gradproof.derivation.tidy import tidied
from gradproof.derivative.differentiate import differentiate
from gradproof.expr.build import ONE, add, multiply, number, scale, subtract
from gradproof.expr.node import Add, Apply, Element, Expr, Index, Multiply, Number, Power, Reduce, Symbol, TensorEntry, fresh_index
from gradproof.expr.walk import contains, symbols

_HALF = Number(ONE.value / 2)
_KINKED = ("abs", "sign", "relu", "maximum", "minimum")


@dataclass(frozen=True, slots=True)
class Objective:
    """A defined scalar quantity: its name in the algebra, its value, the variable and the indices ``axes`` of its gradient.

    ``left_out`` are the terms with a kink that its smooth part is without; then it has no name of its own.
    """

    name: str
    is_function: bool
    body: Expr
    variable: Symbol
    axes: tuple[Index, ...]
    environment: Environment
    left_out: tuple[Expr, ...] = ()

    def gradient(self) -> Expr:
        """Return the gradient over ``axes``, definitions by name."""
        return self._named(differentiate(self.body, self.variable, self.axes))

    def hessian(self) -> tuple[Expr, tuple[Index, ...]]:
        """Return the Hessian with all of its indices."""
        other = tuple(fresh_index(chr(ord(index.name[0]) + 4), index.lower, index.upper) for index in self.axes)
        return self._named(differentiate(differentiate(self.body, self.variable, self.axes), self.variable, other)), (
            *self.axes,
            *other,
        )

    def smooth_part(self) -> Objective:
        """Return the objective without its terms that have a kink."""
        terms = _terms(self.body)
        kinked = tuple(term for term in terms if _has_kink(term, self.variable))
        return replace(self, body=add(*(term for term in terms if term not in kinked)), left_out=kinked)

    def _named(self, body: Expr) -> Expr:
        return with_names(tidied(body), self.environment, frozenset({self.name}))

    def sign(self, spelled: dict[str, str], written: Iterator[str], order: int) -> str:
        """Return the sign of its derivative as the document writes it; a part without a name is written out."""
        name, variable = (spelled.get(key, key) for key in (self.name, self.variable.name))
        shown = f"{name}({variable})" if self.is_function else name
        if self.left_out:
            forms = list(written)
            whole = next((form for form in forms if "\\sum" in form), forms[0] if forms else "")  # sums need no guess of ranks
            shown = f"\\left({whole}\\right)"
        power = "" if order == 1 else f"^{order}"
        if self.axes:
            return f"\\nabla{power}_{{{variable}}} {shown}"
        return f"\\frac{{\\partial{power}}}{{\\partial {variable}{power}}} {shown}"


def objective_of(asked: Asked, name: str, words: str) -> Objective | None:
    """Return the last scalar quantity before the place that depends on a variable, one that the words name first."""
    environment = asked.context.environment
    scope, position = environment.scope, asked.context.planned.position
    found: list[tuple[bool, int, Objective]] = []
    for table in (scope.functions, scope.definitions):
        for key, definitions in table.items():
            for definition in definitions:
                if key == name or definition.axes or definition.position > position or len(definition.parameters) > 1:
                    continue
                made = _objective(environment, key, definition.body, name, definition.parameters)
                if made is not None:
                    named = f"${asked.notation.spelled.get(key, key)}" in words
                    found.append((named, definition.position, made))
    if not found:
        return None
    return max(found, key=lambda entry: entry[:2])[2]


def _objective(environment: Environment, key: str, body: Expr, name: str, parameters: tuple[Symbol, ...]) -> Objective | None:
    expanded = environment.expanded(body)
    variable = next((symbol for symbol in symbols(expanded) if symbol.name == name), None)
    if variable is None or (parameters and parameters[0].name != name):
        return None
    axes = tuple(
        fresh_index(letter, number(axis.origin), subtract(add(axis.size, number(axis.origin)), ONE))
        for letter, axis in zip("ijkl", variable.axes, strict=False)
    )
    return Objective(key, bool(parameters), expanded, variable, axes, environment)


# Kinks --------------------------------------------------------------------------------------------------------------------


def _terms(body: Expr) -> list[Expr]:
    if not isinstance(body, Add):
        return [body]
    return [scale(weight, term) for weight, term in zip(body.weights, body.terms, strict=True)]


def _has_kink(root: Expr, variable: Symbol) -> bool:
    def is_kink(node: Expr) -> bool:
        if variable not in symbols(node):
            return False
        match node:
            case Apply(function):
                return function in _KINKED
            case Power(Reduce(), exponent):
                return exponent is _HALF
            case TensorEntry(function):
                return function in ("norm1", "norm2", "norminf", "normF")
            case Reduce(operation):
                return operation == "max"
            case _:
                return False

    return contains(root, is_kink)


def norm_of(term: Expr, variable: Symbol) -> tuple[Expr, str] | None:
    """Return the weight of a norm of the whole variable and which norm it is ('1' or '2'), or None."""
    if isinstance(term, Add) and len(term.terms) == 1:
        found = norm_of(term.terms[0], variable)
        return None if found is None else (scale(term.weights[0], found[0]), found[1])
    factors = term.factors if isinstance(term, Multiply) else (term,)
    inside = [factor for factor in factors if variable in symbols(factor)]
    if len(inside) != 1 or (order := _order(inside[0], variable)) is None:
        return None
    return multiply(*(factor for factor in factors if factor is not inside[0])), order


def _order(node: Expr, variable: Symbol) -> str | None:
    match node:
        case Reduce("sum", indices, Apply("abs", (Element(symbol, at),)), None) if symbol is variable and set(at) == set(indices):
            return "1"
        case Power(Reduce("sum", indices, Power(Element(symbol, at), Number(exponent)), None), half):
            is_norm = half is _HALF and symbol is variable and set(at) == set(indices) and exponent == 2
            return "2" if is_norm and len(indices) == 1 else None
        case _:
            return None
