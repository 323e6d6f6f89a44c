"""The steps that lead to a derivative, as equations that the checker can decide one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gradproof.checker.environment import Environment
from gradproof.checker.statements import source_of
from gradproof.completion.answer import Asked
from gradproof.completion.formulas import worked_out
from gradproof.derivation.tidy import tidied
from gradproof.derivative.differentiate import differentiate
from gradproof.expr.build import ONE, add, multiply, number, subtract
from gradproof.expr.catalogue import FUNCTIONS
from gradproof.expr.node import Add, Apply, Call, Element, Expr, Index, Multiply, Number, Operator, Power, Symbol, fresh_index
from gradproof.expr.walk import contains, postorder, symbols, transform
from gradproof.printer.layout import factors_of, negative_exponent
from gradproof.rewrite.simplify import cost

_INDICES = ("k", "l", "m", "n", "j", "p", "q", "r", "s")
_LETTERS = ("u", "v", "s", "r", "q", "h", "g", "m", "k", "c")
_NABLA = re.compile(
    r"\\nabla\s*(?:_\s*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\\?\w+))?\s*(?:\\[,;! ]\s*)*(?P<operand>[^\s=].*)$", re.DOTALL
)
_DEEPEST = 4
_MOST_PARTS = 6
_CHEAPEST = 3


@dataclass(frozen=True, slots=True)
class StepLine:
    """One line of a derivation: the rule in words and an equation in LaTeX.

    ``introduces`` tells that it gives a part a name, ``is_words`` that it is a sentence with formulas that claim nothing.
    """

    rule: str
    latex: str
    introduces: bool = False
    is_words: bool = False


def derivation_lines(asked: Asked, taken: set[str]) -> list[StepLine]:
    """Return the lines that lead to the derivative that is asked for, none where it is no derivative by one variable.

    Args: taken: the letters of the document and of the lines written so far; new ones are added.
    """
    found = _derivative(asked)
    if found is None:
        return []
    body, variable, at = found
    environment = asked.context.environment
    writer = _Writer(asked, environment, variable, at, taken)
    if writer.intermediates(body):
        return list(writer.through_names(body))
    if at:
        return [] if not asked.value.axes or body.free_indices else list(writer.in_entries(body))
    return list(writer.explained(environment.expanded(body)))


def _derivative(asked: Asked) -> tuple[Expr, Symbol, tuple[Expr, ...]] | None:
    """Return what is differentiated, by which symbol, and at which of its entries."""
    body = asked.value.body
    if isinstance(body, Operator) and body.kind == "derivative" and len(body.bound) == 1:
        (variable,) = body.bound
        if isinstance(variable, Element):
            return body.operands[0], variable.symbol, variable.indices
        return (body.operands[0], variable, ()) if isinstance(variable, Symbol) else None
    if isinstance(body, Call) and body.orders == (1,) and isinstance(body.arguments[0], Symbol):
        return Call(body.function, body.arguments, (0,)), body.arguments[0], ()
    return None


@dataclass
class _Writer:
    """Writes the lines of one derivation."""

    asked: Asked
    environment: Environment
    variable: Symbol
    at: tuple[Expr, ...]
    taken: set[str]

    # Through the names of the document ------------------------------------------------------------------------------------

    def intermediates(self, body: Expr) -> list[Symbol]:
        """Return the defined names in the definition of what is differentiated that depend on the variable."""
        opened = self.environment.opened(body)
        found = sorted(symbols(opened), key=lambda symbol: symbol.name)
        return [
            symbol
            for symbol in found
            if symbol.name != self.variable.name
            and self.environment.named(symbol.name) is not None
            and self.environment.depends(_entry(symbol, self.places(symbol)), self.variable)
        ]

    def places(self, symbol: Symbol) -> tuple[Index, ...]:
        """Return indices over the axes of a symbol, named as in its definition where that letter is free."""
        named = self.environment.named(symbol.name)
        wanted = [axis.name for axis in named.axes] if named is not None else []
        used = {index.name for place in self.at for index in place.free_indices} | self.environment.scope.survey.sizes
        letters = [*(letter for letter in wanted if letter not in used)]
        letters += [letter for letter in _INDICES if letter not in used and letter not in self.taken and letter not in letters]
        return tuple(
            fresh_index(letter, number(axis.origin), subtract(add(axis.size, number(axis.origin)), ONE))
            for letter, axis in zip(letters, symbol.axes, strict=False)
        )

    def through_names(self, body: Expr) -> Iterator[StepLine]:
        """Yield the derivative of each named part, then how the rule puts them together."""
        opened = self.environment.opened(body)
        names = self.intermediates(body)
        whole = self._name_of(body)
        for symbol in names[:_MOST_PARTS]:
            places = self.places(symbol)
            inner = _entry(symbol, places)
            if symbol.axes and whole is not None:
                outer = tidied(differentiate(opened, symbol, places))
                yield from self._line("by its definition", self._quotient(whole, inner), outer)
            own = frozenset({symbol.name, *self.at_names()})
            value = worked_out(self._by_variable(inner), self.environment, own)[0]
            yield from self._line("inner derivative", self._quotient(self._written(inner), self._target()), value)
        if not any(symbol.axes for symbol in names) and whole is not None and not self.at:
            combined = differentiate(opened, self.variable, (), {symbol: self._slope(symbol) for symbol in names})
            yield from self._line(_rule_of(opened, self.variable, names), self._quotient(whole, self._target()), combined)
        elif len(names) == 1 and whole is not None and self.at:
            yield from self._summed(whole, names[0])

    def _summed(self, whole: str, symbol: Symbol) -> Iterator[StepLine]:
        """The chain rule over the entries of a named tensor."""
        places = self.places(symbol)
        inner = self._written(_entry(symbol, places))
        first, second = self._quotient(whole, inner), self._quotient(inner, self._target())
        indices = "".join(f"\\sum_{{{index.name}}} " for index in places)
        if inner and first and second:
            yield StepLine("chain rule", f"{self._quotient(whole, self._target())} = {indices}{first} {second}")

    def at_names(self) -> set[str]:
        """Return the name of the variable."""
        return {self.variable.name}

    def _by_variable(self, body: Expr) -> Expr:
        variable: Expr = Element(self.variable, self.at) if self.at else self.variable
        return Operator("derivative", (variable,), (body,))

    def _slope(self, symbol: Symbol) -> Expr:
        """Return a body whose derivative is the derivative of a name, by name."""
        return multiply(Symbol(f"∂{symbol.name}/∂{self.variable.name}"), self.variable)

    # Through parts without a name -----------------------------------------------------------------------------------------

    def explained(self, value: Expr, depth: int = 0) -> Iterator[StepLine]:
        """Yield the lines of a scalar: its terms, its factors, the inside of its functions, then how they come together."""
        rule = _rule_of(value, self.variable, ())
        if rule in ("sum rule", "product rule", "quotient rule") and depth < _DEEPEST:
            for part in _dependent_parts(value, self.variable)[:_MOST_PARTS]:
                if cost(part) >= _CHEAPEST:
                    yield from self.explained(part, depth + 1)
                    yield from self._own_line(part)
        elif depth < _DEEPEST and (inner := _inside(value, self.variable)) is not None:
            yield from self._chain(value, inner, depth)

    def _own_line(self, value: Expr) -> Iterator[StepLine]:
        slope = tidied(differentiate(value, self.variable))
        yield from self._line(_rule_of(value, self.variable, ()), self._slope_of(value), slope)

    def _chain(self, value: Expr, inner: Expr, depth: int) -> Iterator[StepLine]:
        letter = self._letter()
        name = Symbol(letter)
        outer = transform(value, lambda node: name if node is inner else node)
        shown = self._written(inner)
        if not shown:
            return
        yield StepLine("chain rule", f"{letter} = {shown}", introduces=True)
        by_name = replace(self, variable=name)
        yield from by_name._own_line(outer)
        if any(isinstance(node, Apply) for node in postorder(inner)):
            yield from self.explained(inner, depth + 1)
        slopes = differentiate(outer, name), differentiate(inner, self.variable)
        yield from self._line("inner derivative", f"\\frac{{d {letter}}}{{d {self._target()}}}", tidied(slopes[1]))
        if not depth:
            known = source_of(self.asked.context.known, self.asked.context.planned.source)
            yield from self._line("together", known, multiply(tidied(slopes[0]), tidied(slopes[1])))

    def in_entries(self, body: Expr) -> Iterator[StepLine]:
        """Yield the derivative of a scalar by one entry of a vector or matrix, in index notation."""
        whole = self._name_of(body)
        operand = _NABLA.match(source_of(self.asked.context.known, self.asked.context.planned.source))
        left = self._quotient(whole, self._target()) if whole else ""
        if operand is not None:
            left = f"\\frac{{\\partial}}{{\\partial {self._target()}}} {operand['operand']}"
        value = tidied(self.environment.expanded(self._by_variable(body)))
        yield from self._line("entry by entry", left, value)

    def _letter(self) -> str:
        numbered = (f"{letter}_{count}" for count in range(1, 1000) for letter in _LETTERS[:2])
        letter = next(letter for letter in (*_LETTERS, *numbered) if letter not in self.taken)
        self.taken.add(letter)
        return letter

    # Writing ----------------------------------------------------------------------------------------------------------------

    def _line(self, rule: str, left: str, value: Expr) -> Iterator[StepLine]:
        if contains(value, lambda node: isinstance(node, Operator)):
            return
        for shown in self._shown(value):
            if left:
                yield StepLine(rule, f"{left} = {shown}")
            return

    def _shown(self, value: Expr) -> Iterator[str]:
        yield from self.asked.notation.written(value, ())

    def _written(self, value: Expr) -> str:
        return next(self._shown(value), "")

    def _target(self) -> str:
        return self._written(Element(self.variable, self.at) if self.at else self.variable)

    def _name_of(self, body: Expr) -> str | None:
        """Return the name of what is differentiated where it is one."""
        return self._written(body) if isinstance(body, Symbol | Element | Call) else None

    def _quotient(self, above: str, below: str | Expr) -> str:
        below = below if isinstance(below, str) else self._written(below)
        return f"\\frac{{\\partial {above}}}{{\\partial {below}}}" if above and below else ""

    def _slope_of(self, value: Expr) -> str:
        shown = self._written(value)
        fenced = shown if isinstance(value, Apply | Symbol | Power) else f"\\left({shown}\\right)"
        return f"\\frac{{d}}{{d {self._target()}}} {fenced}" if shown else ""


# Shapes of a value ----------------------------------------------------------------------------------------------------------


def _entry(symbol: Symbol, places: Sequence[Index]) -> Expr:
    return Element(symbol, tuple(places)) if places else symbol


def _rule_of(value: Expr, variable: Symbol, names: Sequence[Symbol]) -> str:
    """Return the name of the rule that differentiates a value."""
    moving = {variable, *names}
    match value:
        case Add():
            return "sum rule" if len(value.terms) > 1 else _rule_of(value.terms[0], variable, names)
        case Multiply(factors):
            dependent = [factor for factor in factors if symbols(factor) & moving]
            is_quotient = any(negative_exponent(factor) is not None for factor in dependent)
            if len(dependent) > 1:
                return "quotient rule" if is_quotient else "product rule"
            return _rule_of(dependent[0], variable, names) if dependent else "constant"
        case Apply(function):
            return f"derivative of {FUNCTIONS[function].text[0]}"
        case Power():
            return "power rule"
        case _:
            return "derivative"


def _dependent_parts(value: Expr, variable: Symbol) -> list[Expr]:
    parts = list(value.terms) if isinstance(value, Add) else [_upright(factor) for factor in factors_of(value)]
    return [part for part in parts if variable in symbols(part)]


def _upright(factor: Expr) -> Expr:
    """Return the divisor of a factor ``1/u``, another factor as it is."""
    if isinstance(factor, Power) and isinstance(factor.exponent, Number) and factor.exponent.value == -1:
        return factor.base
    return factor


def _inside(value: Expr, variable: Symbol) -> Expr | None:
    """Return the composite argument of a function or the base of a power that depends on the variable."""
    if isinstance(value, Add) and len(value.terms) == 1:
        return _inside(value.terms[0], variable)
    if isinstance(value, Multiply):
        dependent = [factor for factor in value.factors if variable in symbols(factor)]
        return _inside(dependent[0], variable) if len(dependent) == 1 else None
    arguments = value.arguments if isinstance(value, Apply) else (value.base,) if isinstance(value, Power) else ()
    found = [argument for argument in arguments if variable in symbols(argument) and argument is not variable]
    return found[0] if len(found) == 1 and not found[0].free_indices else None
