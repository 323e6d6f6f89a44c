"""What has to hold of the derivative of any formula: the checks that tests and the benchmark ask of random ones."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence

import numpy as np
from flint import arb
from formulas import ASSUME, Question

from gradproof.derivation.derivation import Derivation, derive
from gradproof.derivation.notation import declaration
from gradproof.errors import FormulaError, GradproofError
from gradproof.evaluate.bindings import Bindings, Undecidable
from gradproof.evaluate.enclose import enclose, paired
from gradproof.evaluate.evaluator import evaluate
from gradproof.evaluate.fields import Floats
from gradproof.evaluate.instances import instance
from gradproof.evaluate.tables import spread
from gradproof.expr.node import Expr, Index, Symbol
from gradproof.expr.walk import substitute, symbols
from gradproof.formula.parse import parse
from gradproof.printer.naming import index_names
from gradproof.printer.text import to_text
from referee import as_floats

_DIGITS = 20


def formula_faults(question: Question) -> Iterator[str]:
    """Yield what is wrong with the derivative of a formula, in words; nothing where all is well."""
    derivation = derive(question.text, question.wrt, assume=ASSUME)
    check = derivation.verify(2)
    if not check.agrees:
        yield f"central differences: {check}"
    if not check.points:
        return
    bindings = _example(derivation)
    yield from _misread(derivation, bindings)
    yield from _miscomputed(derivation, bindings)
    if not derivation.formula.axes:
        yield from _asymmetric(derivation)


def _example(derivation: Derivation) -> Bindings:
    wanted = symbols(derivation.value) | symbols(derivation.formula.value) | set(derivation.formula.symbols) | {derivation.wrt}
    wanted |= {symbol for index in derivation.axes for limit in (index.lower, index.upper) for symbol in symbols(limit)}
    return instance(wanted, seed=5, number=0, positive=True)


# Printing -------------------------------------------------------------------------------------------------------------


def _misread(derivation: Derivation, bindings: Bindings) -> Iterator[str]:
    """The matrix form and the index form, read again, have the values of the derivative."""
    writings = {"index notation": to_text(derivation.value)}
    if derivation.notation.matrix is not None:
        writings["matrix notation"] = derivation.to_text()
    for notation, text in writings.items():
        try:
            again = _read(text, derivation, notation == "matrix notation")
        except GradproofError as error:
            yield f"{notation} cannot be read: {text} ({str(error).splitlines()[0]})"
            continue
        if _differ(again, derivation.value, bindings):
            yield f"{notation} means something else: {text}"


def _read(text: str, derivation: Derivation, by_position: bool) -> Expr:
    declared = [declaration(symbol) for symbol in derivation.formula.symbols]
    if by_position:
        formula = parse(text, declared)
        return substitute(formula.value, dict(zip(formula.axes, derivation.axes, strict=False)))
    names = index_names(derivation.value)
    letters = {names.get(axis, axis.name): axis for axis in derivation.axes}
    formula = parse(text, [*declared, *(f"{letter}: integer" for letter in letters)])
    return over(formula.value, letters)


def over(value: Expr, letters: dict[str, Index]) -> Expr:
    """Return an expression with indices in place of the whole numbers of their names."""
    found: Sequence[Symbol] = [symbol for symbol in symbols(value) if symbol.name in letters and not symbol.axes]
    return substitute(value, {symbol: letters[symbol.name] for symbol in found})


def _differ(left: Expr, right: Expr, bindings: Bindings) -> bool:
    try:
        pairs = list(paired(enclose(left, bindings, _DIGITS), enclose(right, bindings, _DIGITS)))
    except Undecidable:
        return False
    return any(_apart(pair.left, pair.right) for pair in pairs)


def _apart(left: arb, right: arb) -> bool:
    return left.is_finite() and right.is_finite() and not left.overlaps(right)


# Code -----------------------------------------------------------------------------------------------------------------


def _miscomputed(derivation: Derivation, bindings: Bindings) -> Iterator[str]:
    """The NumPy module computes what the evaluator computes."""
    try:
        code = derivation.to_code("numpy")
    except FormulaError as error:
        if "no NumPy code" not in str(error):
            yield f"no module: {error}"
        return
    namespace: dict[str, object] = {}
    with np.errstate(all="ignore"):
        exec(compile(code, "generated", "exec"), namespace)
        function = namespace["derivative"]
        parameters = inspect.signature(function).parameters
        values = {symbol.name: as_floats(bindings.value(symbol)) for symbol in derivation.formula.symbols}
        try:
            found = function(**{name: value for name, value in values.items() if name in parameters})
        except np.linalg.LinAlgError:
            return  # a singular matrix, where NumPy raises and the evaluator has no value, or does not need it: relu(det(y*x')) at 0
    try:
        wanted = enclose(derivation.value, bindings, _DIGITS)
    except Undecidable:
        return
    table = evaluate(derivation.value, bindings, Floats())
    ours = spread(table, derivation.axes) if derivation.axes else table.entries[()]
    if all(ball.is_finite() for ball in wanted.entries.ravel()):
        ours, found = np.broadcast_arrays(np.asarray(ours, dtype=float), np.asarray(found, dtype=float))
        if not np.allclose(found, ours, rtol=1e-6, atol=1e-6 * (1 + np.max(np.abs(ours), initial=0)), equal_nan=True):
            yield f"the NumPy module computes {found.tolist()}, the evaluator {ours.tolist()}"


# Second derivatives ---------------------------------------------------------------------------------------------------


def _asymmetric(derivation: Derivation) -> Iterator[str]:
    """A second derivative does not depend on the order of the differentiation."""
    second = derive(derivation.formula, derivation.wrt.name, 2)
    check = second.verify(1)
    if check.points and not check.agrees:
        yield f"second derivative, central differences: {check}"
    first, other = second.at
    spare = [Index(index.name, -1 - place, index.lower, index.upper) for place, index in enumerate(first)]
    swapped = substitute(second.value, dict(zip(first, spare, strict=True)))
    swapped = substitute(swapped, dict(zip(other, first, strict=True)))
    swapped = substitute(swapped, dict(zip(spare, other, strict=True)))
    if first and _differ(swapped, second.value, _example(second)):
        yield f"the second derivative is not symmetric: {to_text(second.value)}"
