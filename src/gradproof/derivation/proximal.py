"""Proximal operators derived: the minimiser of ``h(x) + |x - v|^2 / 2`` from its optimality condition, step by step."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradproof.derivation.notation import Writing, declaration, written
from gradproof.derivation.proximal_terms import Term, constraints_of, terms_of, weight_at
from gradproof.derivation.proximal_text import as_condition, divided, escaped, grouped, in_sum, times, without_indicators
from gradproof.errors import FormulaError
from gradproof.evaluate.bindings import Bindings, Undecidable
from gradproof.evaluate.enclose import enclose, enclose_value
from gradproof.evaluate.instances import instance
from gradproof.expr.build import HALF, ONE, ZERO, add, multiply, number, power, scale, subtract, sum_over
from gradproof.expr.node import Add, Element, Expr, Index, Iverson, Multiply, Symbol, fresh_index
from gradproof.expr.walk import symbols, transform
from gradproof.formula.formula import Formula
from gradproof.formula.parse import parse
from gradproof.printer.matrix.recognize import matrix_form
from gradproof.printer.matrix.tree import to_plain
from gradproof.printer.text import to_text

_TRIES, _INSTANCES = 24, 20


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the derivation: the rule, and what it says."""

    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.text}"


@dataclass(frozen=True)
class Proximal:
    """The proximal operator of ``formula`` in the variable ``wrt`` at the point ``point``.

    ``result`` is the operator as a formula, None where it has no closed form: then ``entry`` of the catalogue computes it, whose
    ``sources`` are cited, and ``check`` compares it with other points.
    """

    formula: Formula
    wrt: Symbol
    point: Symbol
    text: str
    steps: tuple[Line, ...]
    conditions: tuple[str, ...] = ()
    entry: str = ""
    result: Formula | None = None
    objective: Expr = field(default=ZERO, repr=False)
    constraints: tuple[Expr, ...] = field(default=(), repr=False)
    sources: tuple[str, ...] = ()
    check: Callable[[int], str] | None = field(default=None, repr=False)

    def to_text(self) -> str:
        """Return the operator as plain text."""
        return self.text

    def to_latex(self) -> str:
        """Return the operator as LaTeX; what has no closed form is named in words."""
        if self.result is None:
            return rf"\text{{{escaped(self.text)}}}"
        return self.notation.latex

    @property
    def notation(self) -> Writing:
        """The operator in writing."""
        assert self.result is not None
        notation = written(self.result.value, self.result.axes, self.result.symbols)
        return Writing(self.text, notation.short.latex)

    def verify(self, instances: int = _INSTANCES) -> str:
        """Compare the point with others near and far at random instances; return what was found, in words."""
        if self.result is None:
            return self.check(instances) if self.check else "not checked here: the entry of the catalogue has its own tests"
        tried = 0
        for count in range(instances):
            try:
                worse = self._challenged(count)
            except Undecidable:
                continue
            if worse is not None:
                return f"REFUTED: {worse} is better at instance {count}"
            tried += 1
        return (
            f"no better point among {tried * _TRIES} at {tried} random instances"
            if tried
            else "not checked: no instance has a value"
        )

    def _challenged(self, count: int) -> str | None:
        """Return a better point at one instance, or None."""
        assert self.result is not None
        wanted = symbols(self.objective) | symbols(self.result.value) | {self.wrt, self.point}
        positive = instance(wanted, seed=5, number=count, positive=True).values
        signed = instance(wanted, seed=5, number=count, positive=False)
        given = {**positive, self.point.name: signed.values[self.point.name]}
        bindings = signed.with_values({name: value for name, value in given.items() if name in positive})
        source = random.Random(count)
        here = _entries(self.result, bindings, self.point)
        best = enclose_value(self.objective, bindings.with_values({self.wrt.name: here}), 20)
        for _ in range(_TRIES):
            step = source.choice((1.0, 0.3, 0.03, 0.001))
            other = _moved(here, step, source)
            point = bindings.with_values({self.wrt.name: other})
            if any(enclose_value(constraint, point, 20) != 1 for constraint in self.constraints):
                continue
            if enclose_value(self.objective, point, 20) < best:
                return str(other)
        return None


def proximal(
    expression: str, over: str, *, assume: Sequence[str] = (), subject_to: Sequence[str] = (), at: Mapping[str, Any] | None = None
) -> Proximal:
    """Return the proximal operator of a function, derived from its optimality condition.

    Formula:  prox_h(v) = argmin_x h(x) + |x - v|^2 / 2
    Args:     expression: h, such as 'lam*norm1(x)'; a term ``indicator(...)`` is 0 where its condition holds and infinite elsewhere.
              over: the variable.  subject_to: conditions, such as 'x >= 0', 'sum(x) = 1'.
    Raises:   FormulaError: the text cannot be read, the variable does not occur, or a term has no known operator.
    Example:  >>> proximal("lam*norm1(x)", "x").to_text()
              'sign(v).*max(abs(v) - lam, 0)'
    Source:   Parikh and Boyd 2014, sections 2 and 6
    """
    return _Derivation(*read_function(expression, over, assume, subject_to, at), assume).proximal()


def read_function(
    expression: str, over: str, assume: Sequence[str], subject_to: Sequence[str], at: Mapping[str, Any] | None = None
) -> tuple[Formula, Symbol, list[str]]:
    """Return a function without its indicators, its variable, and the conditions. Raises: FormulaError: it is no function of that variable."""
    body, conditions = without_indicators(expression)
    told = [*conditions, *subject_to]
    hint = "" if body else f"0*sum({over})"
    formula = parse(body or hint, assume, at)
    wrt = formula.symbol(over)
    if wrt is None and told:
        wrt = next((symbol for text in told if (symbol := parse(as_condition(text), assume, at).symbol(over)) is not None), None)
    if wrt is None:
        raise FormulaError(f"a function of {over} was expected", got=f"'{expression}'", remedy="Name its variable with --over.")
    if formula.axes:
        raise FormulaError("a number was expected as the function's value", got="a vector", remedy="Sum its entries.")
    return formula, wrt, told


class UnknownTermError(FormulaError):
    """A term, or a sum of terms, of which no operator is derived here."""


def point_of(formula: Formula, wrt: Symbol) -> Symbol:
    """Return the point at which the operator is taken, under a name that is free."""
    taken = {symbol.name for symbol in symbols(formula.value)} | {wrt.name}
    names = ("V", "Z", "U", "Point") if len(wrt.axes) == 2 else ("v", "z", "u", "point")
    return Symbol(next(name for name in names if name not in taken), wrt.axes)


class _Derivation:
    """The derivation of one operator: its terms, then the rule that they call for."""

    def __init__(self, formula: Formula, wrt: Symbol, told: Sequence[str], assume: Sequence[str]) -> None:
        self.formula, self.wrt, self.told, self.assume = formula, wrt, told, assume
        self.point = point_of(formula, wrt)
        self.norm = "norm2" if len(wrt.axes) == 1 else "normF"
        self.terms: dict[str, list[Term]] = {}
        self.conditions: list[Expr] = []
        self.lines: list[Line] = []
        self._collect()

    def proximal(self) -> Proximal:
        """Return the operator."""
        kinds = {kind for kind in self.terms if kind != "constant"}
        self._define()
        is_scaled = "l2 ball" in kinds and kinds <= {"l1", "squared", "linear", "lower", "l2 ball"} and kinds != {"l2 ball"}
        special = kinds & {"linf", "max", "l0", "sum", "l1 ball", "l2 ball", "linf ball"}
        if is_scaled and ("lower" not in kinds or self._is_nonnegative()):
            text, entry = self._in_ball(), ""
        elif kinds == {"huber"}:
            text, entry = self._huber(), ""
        elif special:
            text, entry = self._special(kinds)
        else:
            text, entry = self._of_norms(), ""
        signs = [
            f"{self._weight(kind)} >= 0"
            for kind in ("l1", "squared", "l2", "l0", "positive part", "huber")
            if self._needs_sign(kind)
        ]
        result = None if entry and not text else self._read(text)
        words = text if text else f"computed by gradproof.prox.{entry}"
        return Proximal(
            self.formula,
            self.wrt,
            self.point,
            words,
            tuple(self.lines),
            tuple(signs),
            entry,
            result,
            self._objective(),
            tuple(self.conditions),
        )

    # Terms --------------------------------------------------------------------------------------------------------------

    def _collect(self) -> None:
        for term in terms_of(_expanded(self.formula.value, self.wrt), self.wrt):
            if not isinstance(term, Term):
                raise UnknownTermError(
                    "a term with a known proximal operator was expected",
                    got=f"'{to_text(term)}'",
                    remedy=self._remedy(),
                )
            self.terms.setdefault(term.kind, []).append(term)
        for text in self.told:
            read = parse(as_condition(text), [*self.assume, declaration(self.wrt)])
            found = constraints_of(read.value.condition, self.wrt) if isinstance(read.value, Iverson) else None
            if found is None:
                raise UnknownTermError(
                    "a constraint with a known projection was expected", got=f"'{text}'", remedy="Write 'a <= x <= b'."
                )
            every = sum_over(read.axes, subtract(ONE, read.value))
            self.conditions.append(subtract(ONE, every))
            for term in found:
                self.terms.setdefault(term.kind, []).append(term)

    def _remedy(self) -> str:
        """Say what finds the point where no closed form is known."""
        x, v = self.wrt.name, self.point.name
        distance = f"{self.norm}({x} - {v})^2/2" if self.wrt.axes else f"({x} - {v})^2/2"
        held = "".join(f" --subject-to '{told}'" for told in self.told)
        return (
            "Known are norms, linear and square terms, constraints, and the functions of gradproof.prox, each alone; with numbers for "
            f"{v}, gradproof minimize '{self.formula.text} + {distance}' --over {x}{held} finds the point."
        )

    def _weight(self, kind: str, factor: int = 1, shift: int = 0) -> str:
        """Return ``shift + factor * weight`` of all terms of a kind as text."""
        terms = self.terms.get(kind, [])
        at = terms[0].at if terms else ()
        total = add(number(shift), *(scale(factor, weight_at(term, at)) for term in terms))
        free = tuple(index for index in at if index in total.free_indices)
        tree = matrix_form(total, free)
        return to_plain(tree) if tree is not None else to_text(total)

    def _needs_sign(self, kind: str) -> bool:
        return any(symbols(term.weight) for term in self.terms.get(kind, []))

    def _objective(self) -> Expr:
        places = tuple(_index(self.wrt, place) for place in range(len(self.wrt.axes)))
        gap = subtract(_entry(self.wrt, places), _entry(self.point, places))
        return add(self.formula.value, multiply(HALF, sum_over(places, power(gap, number(2)))))

    # Lines --------------------------------------------------------------------------------------------------------------

    def _say(self, rule: str, text: str) -> None:
        self.lines.append(Line(rule, text))

    def _define(self) -> None:
        x, v = self.wrt.name, self.point.name
        distance = f"{self.norm}({x} - {v})^2/2" if self.wrt.axes else f"({x} - {v})^2/2"
        held = f" subject to {', '.join(self.told)}" if self.told else ""
        body = (
            "" if self.formula.value is ZERO or self.terms.keys() & {"constant"} == self.terms.keys() else f"{self.formula.text} + "
        )
        self._say("definition", f"prox({v}) = the {x} that makes {body}{distance} least{held}")

    def _of_norms(self) -> str:
        """The operator of weighted absolute values, squares, linear terms and bounds, and of a norm around them."""
        x, v = self.wrt.name, self.point.name
        start = v if "linear" not in self.terms else f"{v} - {in_sum(self._weight('linear'))}"
        divisor = self._weight("squared", 2, 1) if "squared" in self.terms else "1"
        threshold = self._threshold()
        is_norm = "l2" in self.terms
        if not is_norm:
            self._split(threshold, divisor, start)
        inner = self._thresholded(start, threshold, divisor, is_norm)
        if is_norm:
            inner = self._shrunk(inner, x)
        result = inner if divisor == "1" else divided(inner, f"/{grouped(divisor)}")
        if is_norm and ("lower" in self.terms or "upper" in self.terms) and not self._is_nonnegative():
            raise FormulaError(
                "a bound of 0 alone is known beside a norm", got="other bounds", remedy="Leave the norm or the bounds out."
            )
        return result if is_norm else self._clipped(result, threshold)

    def _threshold(self) -> str:
        if "positive part" in self.terms:
            raise_ = "l1" in self.terms or "linear" in self.terms
            if raise_:
                raise FormulaError("the positive part by itself was expected", got="absolute values beside it")
            return ""
        return self._weight("l1") if "l1" in self.terms else ""

    def _is_nonnegative(self) -> bool:
        return "lower" in self.terms and "upper" not in self.terms and self._weight("lower") == "0"

    def _split(self, threshold: str, divisor: str, start: str) -> None:
        x, v = self.wrt.name, self.point.name
        if self.wrt.axes:
            self._say("separable", "every term is a sum over entries, so each entry is minimised by itself")
        slope = f"{x} - {v}" if divisor == "1" else f"{grouped(divisor)}*{x} - {v}"
        slope = slope if start == v else f"{slope} + {in_sum(self._weight('linear'))}"
        if "positive part" in self.terms:
            self._say("optimality", f"0 in {times(self._weight('positive part'))}d max({x}, 0) + {slope}")
            self._say("subdifferential", f"d max({x}, 0) is 1 where {x} > 0, 0 where {x} < 0, and all of [0, 1] where {x} = 0")
        elif threshold:
            self._say("optimality", f"0 in {times(threshold)}d|{x}| + {slope}")
            self._say("subdifferential", f"d|{x}| is 1 where {x} > 0, -1 where {x} < 0, and all of [-1, 1] where {x} = 0")
        elif divisor != "1" or start != v:
            self._say("optimality", f"0 = {slope}")

    def _thresholded(self, start: str, threshold: str, divisor: str, is_norm: bool) -> str:
        x = self.wrt.name
        over = "" if divisor == "1" or is_norm else f"/{grouped(divisor)}"
        group = grouped(start) if over else start
        if "positive part" in self.terms:
            weight = self._weight("positive part")
            self._say("case", f"{x} > 0: {x} = {divided(f'{start} - {weight}', over)}, where {start} > {weight}")
            self._say("case", f"{x} < 0: {x} = {group}{over}, where {start} < 0")
            self._say("case", f"{x} = 0: where 0 <= {start} <= {weight}")
            return f"max({start} - {weight}, 0) + min({start}, 0)"
        if not threshold:
            return f"max({start}, 0)" if is_norm and self._is_nonnegative() else start
        if self._is_nonnegative():
            self._say("constraint", f"{x} >= 0 leaves the cases {x} > 0 and {x} = 0")
            return f"max({start} - {in_sum(threshold)}, 0)"
        dot = ".*" if self.wrt.axes else "*"
        if not is_norm:
            self._say("case", f"{x} > 0: {x} = {divided(f'{start} - {in_sum(threshold)}', over)}, where {start} > {threshold}")
            self._say("case", f"{x} < 0: {x} = {divided(f'{start} + {threshold}', over)}, where {start} < -{grouped(threshold)}")
            self._say("case", f"{x} = 0: where |{start}| <= {threshold}")
        result = f"sign({start}){dot}max(abs({start}) - {in_sum(threshold)}, 0)"
        self._say("together", f"soft-thresholding: {result}{over}")
        return result

    def _shrunk(self, inner: str, x: str) -> str:
        """The operator of a norm, after what is inside it: the norm shrinks a vector towards 0."""
        weight, norm = self._weight("l2"), self.norm
        if inner != self.point.name:
            self._say("composition", f"with the norm outside, the operators follow one another (Yu 2013): u = {inner}")
        name = self.point.name if inner == self.point.name else "u"
        self._say("optimality", f"0 in {times(weight)}d{norm}({x}) + {x} - {name}")
        self._say("subdifferential", f"d{norm}({x}) is {x}/{norm}({x}) where {x} is not 0, and the unit ball at 0")
        self._say(
            "case", f"{x} not 0: {x}*(1 + {grouped(weight)}/{norm}({x})) = {name}, so {norm}({x}) = {norm}({name}) - {weight}"
        )
        self._say("case", f"{x} = 0: where {norm}({name}) <= {weight}")
        result = f"(1 - {grouped(weight)}/max({norm}({inner}), {weight}))*{grouped(inner)}"
        self._say("together", f"block soft-thresholding: {result}")
        return result

    def _clipped(self, result: str, threshold: str) -> str:
        if not ("lower" in self.terms or "upper" in self.terms) or (threshold and self._is_nonnegative()):
            return result
        lower = self._weight("lower") if "lower" in self.terms else ""
        upper = self._weight("upper") if "upper" in self.terms else ""
        self._say(
            "constraint", "a convex function of one number is least on an interval at the point nearest to where it is least at all"
        )
        result = f"max({result}, {lower})" if lower else result
        return f"min({result}, {upper})" if upper else result

    # Functions of the whole vector --------------------------------------------------------------------------------------

    def _special(self, kinds: set[str]) -> tuple[str, str]:
        """Return the operator as text, empty where only a procedure computes it, and the entry of the catalogue."""
        v, dot = self.point.name, ".*" if self.wrt.axes else "*"
        if kinds == {"l0"}:
            weight = self._weight("l0")
            self._say("separable", f"an entry is kept at the cost {weight}, or set to 0 at the cost {v}^2/2")
            return f"{v}{dot}(abs({v}) > sqrt(2*{grouped(weight)}))", "L0"
        if kinds == {"l2 ball"}:
            radius = self._weight("l2 ball")
            self._say("projection", f"a point outside of the ball is scaled to its radius {radius}")
            return f"{v}/max(1, {self.norm}({v})/{grouped(radius)})", "L2Ball"
        if kinds == {"linf ball"}:
            radius = self._weight("linf ball")
            self._say("projection", f"each entry goes to the nearest point of [-{grouped(radius)}, {radius}]")
            return f"min(max({v}, -{grouped(radius)}), {radius})", "Box"
        if kinds == {"sum"}:
            total = self._weight("sum")
            self._say("projection", "the same is taken from every entry: the normal of the hyperplane is a vector of ones")
            return f"{v} - (sum({v}) - {in_sum(total)})/sum({v}.^0)", "Hyperplane"
        known = {
            frozenset({"sum", "lower"}): ("Simplex", "max(v - t, 0) with t such that the entries have their sum: by sorting"),
            frozenset({"l1 ball"}): ("L1Ball", "soft-thresholding at the level at which the l1 norm is the radius: by sorting"),
            frozenset({"linf"}): ("LInf", "v minus its projection on an l1 ball, by Moreau's identity"),
            frozenset({"max"}): ("Max", "v minus its projection on a simplex, by Moreau's identity"),
        }
        found = known.get(frozenset(kinds))
        if found is None or (found[0] == "Simplex" and not self._is_nonnegative()):
            names = ", ".join(sorted(kinds))
            raise UnknownTermError("terms whose sum has a known operator were expected", got=names, remedy=self._remedy())
        self._say("catalogue", found[1])
        return "", found[0]

    def _in_ball(self) -> str:
        """Absolute values, squares, a linear term and ``x >= 0`` in a ball: its multiplier divides, so the point of the rest is scaled."""
        radius, x = self._weight("l2 ball"), self.wrt.name
        rest = self._of_norms()
        self._say(
            "multiplier",
            f"in the ball of radius {radius} the multiplier m >= 0 of {self.norm}({x})^2/2 is added to the divisor and changes no sign",
        )
        self._say("together", f"so the point is {rest}, scaled to the radius where it lies outside")
        return f"{grouped(rest)}/max(1, {self.norm}({rest})/{grouped(radius)})"

    def _huber(self) -> str:
        """Huber's function entry by entry: quadratic within ``d``, a line outside."""
        (term, *more) = self.terms["huber"]
        if more or term.parameter is None:
            raise UnknownTermError("one Huber function was expected", got="several", remedy="Ask for one of them at a time.")
        x, v, weight = self.wrt.name, self.point.name, self._weight("huber")
        bound = self._text_at(term.parameter, term)
        self._say("separable", "every term is a sum over entries, so each entry is minimised by itself")
        dot = "." if any(term.weight.free_indices for term in self.terms["huber"]) else ""
        inside = f"{v}{dot}/{grouped(self._weight('huber', 1, 1))}"
        self._say("case", f"|{x}| <= {bound}: {x} - {v} + {times(weight)}{x} = 0, so {x} = {inside}; needs |{inside}| <= {bound}")
        self._say(
            "case",
            f"{x} > {bound}: {x} - {v} + {times(weight)}{bound} = 0, so {x} = {v} - {times(weight)}{bound}; the same below -{bound}",
        )
        step = f"min(max({inside}, -{grouped(bound)}), {bound})"
        return f"{v} - {step}" if weight == "1" else f"{v} - {grouped(weight)}{dot}*{step}"

    def _text_at(self, body: Expr, term: Term) -> str:
        free = tuple(index for index in term.at if index in body.free_indices)
        tree = matrix_form(body, free)
        return to_plain(tree) if tree is not None else to_text(body)

    def _read(self, text: str) -> Formula:
        others = [symbol for symbol in self.formula.symbols if symbol is not self.wrt]
        return parse(text, [*self.assume, declaration(self.point), *(declaration(symbol) for symbol in others)])


def _expanded(body: Expr, wrt: Symbol) -> Expr:
    """Multiply a sum in the variable out: ``lam*(norm1(x) + a*norm2(x)^2)``."""

    def change(node: Expr) -> Expr:
        if isinstance(node, Multiply):
            for place, factor in enumerate(node.factors):
                if isinstance(factor, Add) and wrt in symbols(factor) and not factor.free_indices:
                    rest = node.factors[:place] + node.factors[place + 1 :]
                    pairs = zip(factor.weights, factor.terms, strict=True)
                    return add(*(scale(weight, multiply(*rest, term)) for weight, term in pairs))
        return node

    return transform(body, change)


def _entries(result: Formula, bindings: Bindings, point: Symbol) -> Any:
    """Return the operator's value at an instance, in the shape of the point."""
    table = enclose(result.value, bindings, 20)
    order = [table.axes.index(axis) for axis in result.axes if axis in table.axes]
    return table.entries.transpose(order) if point.axes else table.entries[()]


def _moved(value: Any, step: float, source: random.Random) -> Any:
    if not hasattr(value, "shape") or not value.shape:
        return value + source.gauss(0, step)
    return value + np.array([source.gauss(0, step) for _ in range(value.size)], dtype=object).reshape(value.shape)


def _entry(symbol: Symbol, places: tuple[Index, ...]) -> Expr:
    return Element(symbol, places) if places else symbol


def _index(symbol: Symbol, place: int) -> Index:
    axis = symbol.axes[place]
    return fresh_index("ij"[place], number(axis.origin), add(axis.size, number(axis.origin - 1)))
