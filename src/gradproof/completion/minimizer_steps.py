"""The steps that lead to a minimiser: its optimality condition, solved case by case.

Only the gradient of a smooth objective is an equation that the checker decides; the cases of a kink are words around formulas that
claim nothing, put together from the parts of the closed form that was verified.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradproof.completion.answer import Asked
from gradproof.completion.minimizers import Problem, block_parts, is_quadratic, problems_of, threshold_parts
from gradproof.completion.steps import StepLine
from gradproof.derivation.tidy import tidied
from gradproof.expr.build import HALF, ONE, TWO, add, apply, divide, multiply, negate, power, subtract
from gradproof.expr.node import Element, Expr, Index, Symbol, TensorEntry
from gradproof.expr.walk import substitute, transform

_LETTERS = ("x", "z", "u", "w", "s")


def minimizer_lines(asked: Asked) -> list[StepLine]:
    """Return the lines that lead to the minimiser that is asked for, none where it is no minimiser with a closed form."""
    return next((lines for problem in problems_of(asked) if (lines := _lines(problem, asked))), [])


def _lines(problem: Problem, asked: Asked) -> list[StepLine]:
    problem = _with_letter(problem, asked)
    if is_quadratic(problem):
        return list(_of_quadratic(problem, asked))
    parts = threshold_parts(problem)
    if parts is not None:
        return list(_of_threshold(problem, *parts, asked))
    block = block_parts(problem)
    return [] if block is None else list(_of_block(problem, *block, asked))


def _with_letter(problem: Problem, asked: Asked) -> Problem:
    """Give the variable of a proximal operator, which has no name in the document, a letter that is free there."""
    if problem.symbol.name in asked.notation.spelled:
        return problem
    letter = next((letter for letter in _LETTERS if letter not in asked.notation.spelled), "xi")
    symbol = Symbol(letter, problem.symbol.axes)

    def renamed(node: Expr) -> Expr:
        if node is problem.symbol:
            return symbol
        return Element(symbol, node.indices) if isinstance(node, Element) and node.symbol is problem.symbol else node

    bodies = (transform(body, renamed) for body in (problem.objective, problem.gradient, problem.hessian))
    objective, gradient, hessian = bodies
    return Problem(symbol, objective, problem.at, problem.other, gradient, hessian)


def _of_quadratic(problem: Problem, asked: Asked) -> Iterator[StepLine]:
    objective, gradient = _shown(problem.objective, asked), _shown(problem.gradient, asked, problem.at)
    variable = _shown(problem.symbol, asked) or problem.symbol.name
    if not objective or not gradient:
        return
    sign = f"\\nabla_{{{variable}}}" if problem.at else f"\\frac{{d}}{{d {variable}}}"
    yield StepLine("gradient", f"{sign} \\left({objective}\\right) = {gradient}")
    yield StepLine("optimality", f"a convex quadratic is least where ${gradient}$ vanishes", is_words=True)


def _of_threshold(problem: Problem, weight: Expr, curvature: Expr, point: Expr, asked: Asked) -> Iterator[StepLine]:
    """``h x^2 / 2 - u x + lambda |x|`` entry by entry: the cases x > 0, x < 0 and x = 0."""
    entry: Expr = Element(problem.symbol, problem.at) if problem.at else problem.symbol
    slope = subtract(multiply(curvature, entry), point)
    smooth = (
        multiply(HALF, power(subtract(entry, point), TWO))
        if curvature is ONE
        else subtract(multiply(HALF, curvature, power(entry, TWO)), multiply(point, entry))
    )
    texts = {
        "x": _shown(entry, asked),
        "u": _shown(point, asked),
        "lambda": _shown(weight, asked),
        "objective": _shown(add(smooth, multiply(weight, apply("abs", entry))), asked),
        "slope": _shown(slope, asked),
        "right slope": _shown(add(slope, weight), asked),
        "left slope": _shown(subtract(slope, weight), asked),
        "right": _shown(divide(subtract(point, weight), curvature), asked),
        "left": _shown(divide(add(point, weight), curvature), asked),
        "negative": _shown(negate(weight), asked),
        "size": _shown(apply("abs", point), asked),
    }
    if not all(texts.values()):
        return
    joint = "" if texts["lambda"] == "1" else f"{texts['lambda']} "
    if problem.at:
        yield _words("separable", f"each entry is found by itself; it makes ${texts['objective']}$ least")
    yield _words("optimality", f"zero lies in the subdifferential ${texts['slope']} + {joint}\\partial |{texts['x']}|$")
    yield _words(
        f"where ${texts['x']}$ is positive",
        f"${texts['right slope']}$ vanishes at ${texts['right']}$, which is positive where ${texts['u']}$ exceeds ${texts['lambda']}$",
    )
    yield _words(
        f"where ${texts['x']}$ is negative",
        f"${texts['left slope']}$ vanishes at ${texts['left']}$, which is negative where ${texts['u']}$ is below ${texts['negative']}$",
    )
    yield _words(
        f"where ${texts['x']}$ is zero",
        f"$\\partial |{texts['x']}|$ is all of $[-1, 1]$, so zero is the minimiser where ${texts['size']}$ is at most ${texts['lambda']}$",
    )


def _of_block(problem: Problem, weight: Expr, curvature: Expr, point: Expr, asked: Asked) -> Iterator[StepLine]:
    """A Euclidean norm: the gradient away from zero, the unit ball at zero."""
    entry = Element(problem.symbol, problem.at)
    vector = {"x": _shown(entry, asked, problem.at), "u": _shown(point, asked, problem.at), "lambda": _shown(weight, asked)}
    x, u = vector["x"], vector["u"]
    length = _shown(_norm(point, problem.at, problem.other), asked)
    inner = divide(multiply(weight, entry), _norm(entry, problem.at, problem.other))
    gradient = _shown(add(subtract(multiply(curvature, entry), point), inner), asked, problem.at)
    if not all((*vector.values(), length, gradient)):
        return
    yield _words(
        f"where ${x}$ is not zero",
        f"${gradient}$ vanishes; so ${x}$ is a positive multiple of ${u}$, as long as ${length}$ exceeds ${vector['lambda']}$",
    )
    yield _words(
        f"where ${x}$ is zero",
        f"the subdifferential of the norm is the unit ball, so zero is the minimiser where ${length}$ is at most ${vector['lambda']}$",
    )


def _norm(entry: Expr, at: tuple[Index, ...], other: tuple[Index, ...]) -> Expr:
    return TensorEntry("norm2", other, substitute(entry, dict(zip(at, other, strict=True))))


def _words(rule: str, text: str) -> StepLine:
    return StepLine(rule, text, is_words=True)


def _shown(body: Expr, asked: Asked, axes: tuple[Index, ...] = ()) -> str:
    return next(asked.notation.written(tidied(body), axes), "")
