"""What has to hold of the derivatives of any expression: the checks that tests and the benchmark ask of random ones."""

from __future__ import annotations

from collections.abc import Iterator

from differences import is_close, is_kink, slope, value
from expressions import SIZE, V, X, Y
from flint import arb

from gradproof.derivation.tidy import tidied
from gradproof.derivative.differentiate import differentiate
from gradproof.errors import GradproofError
from gradproof.evaluate.bindings import Bindings, Undecidable, Undetermined
from gradproof.expr.build import ONE, number
from gradproof.expr.node import Expr, fresh_index
from gradproof.expr.walk import substitute
from gradproof.formula.parse import parse
from gradproof.printer.text import to_text

K, L = fresh_index("k", ONE, SIZE), fresh_index("l", ONE, SIZE)
_LARGEST = 1e12


def expression_faults(root: Expr, bindings: Bindings) -> Iterator[str]:
    """Yield what is wrong with the derivatives of an expression at an instance, in words; nothing where all is well."""
    by_x, by_entry = differentiate(root, X), substitute(differentiate(root, V, (K,)), {K: ONE})
    for name, derivative, expected in (("x", by_x, _slope(root, bindings)), ("v[1]", by_entry, _slope(root, bindings, (0,)))):
        found = _known(derivative, bindings)
        if found is None or expected is None:
            continue
        if not is_close(found, expected, 12):
            yield f"by {name}: {found.str(12)}, central difference {expected.str(12)}, of {to_text(root)}"
        shorter = _known(tidied(derivative), bindings)
        if shorter is not None and not is_close(shorter, found, 12):
            yield f"by {name}: simplified to another value, {to_text(tidied(derivative))}, of {to_text(root)}"
    yield from _misread(by_x, bindings)
    yield from _asymmetric(root, by_x, bindings)


def _misread(root: Expr, bindings: Bindings) -> Iterator[str]:
    text = to_text(root)
    try:
        again = parse(text, ["x:", "y:", "v: n"]).value
    except GradproofError as error:
        yield f"cannot be read: {text} ({str(error).splitlines()[0]})"
        return
    mine, other = _known(root, bindings), _known(again, bindings)
    if mine is not None and other is not None and not is_close(other, mine, 12):
        yield f"read again as something else: {text}"


def _asymmetric(root: Expr, by_x: Expr, bindings: Bindings) -> Iterator[str]:
    pairs = [(differentiate(by_x, Y), differentiate(differentiate(root, Y), X), "x and y")]
    second = differentiate(differentiate(root, V, (K,)), V, (L,))
    last = number(bindings.values["n"])
    pairs.append((substitute(second, {K: ONE, L: last}), substitute(second, {K: last, L: ONE}), "two entries of v"))
    for left, right, names in pairs:
        mine, other = _known(left, bindings), _known(right, bindings)
        if mine is not None and other is not None and not is_close(mine, other, 12):
            yield f"the second derivative by {names} depends on the order, of {to_text(root)}"


def _known(root: Expr, bindings: Bindings) -> arb | None:
    """Return a value with enough digits, None where there is none."""
    try:
        return _sharp(value(root, bindings))
    except (Undecidable, Undetermined):
        return None


def _slope(root: Expr, bindings: Bindings, place: tuple[int, ...] | None = None) -> arb | None:
    try:
        found = slope(root, bindings, V if place else X, place)
        if is_kink(root, bindings, V if place else X, place):
            return None
    except (Undecidable, Undetermined):
        return None
    return _sharp(found)


def _sharp(ball: arb) -> arb | None:
    return ball if ball.is_finite() and abs(ball) < _LARGEST and ball.rad() < 1e-20 else None
