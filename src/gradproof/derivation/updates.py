"""One step of an optimiser as formulas, from the gradient of an objective."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gradproof.derivation.derivation import Derivation
from gradproof.derivation.notation import Writing
from gradproof.errors import FormulaError
from gradproof.printer.latex import name_latex
from gradproof.printer.matrix.tree import Tree, leaf, to_latex, to_plain

METHODS = ("gradient-descent", "momentum", "nesterov")


@dataclass(frozen=True, slots=True)
class Assignment:
    """``left <- right``."""

    left: Writing
    right: Writing

    def to_text(self) -> str:
        """Return the assignment as plain text."""
        return f"{self.left.text} <- {self.right.text}"

    def to_latex(self) -> str:
        """Return the assignment as LaTeX."""
        return rf"{self.left.latex} \leftarrow {self.right.latex}"


def update(derivation: Derivation, method: str) -> tuple[Assignment, ...]:
    """Return the update of a method for the objective of a derivation.

    Formula:  gradient-descent: x <- x - eta g;  momentum: v <- mu v - eta g, x <- x + v (Polyak 1964);
              nesterov: u <- x - eta g, x <- u + mu (u - u_before) (Nesterov 1983)
    Raises:   FormulaError: the formula is no scalar, the derivative is no gradient, or the method is none of these.
    """
    if method not in METHODS:
        raise FormulaError(f"a method was expected: {', '.join(METHODS)}", got=f"'{method}'")
    if derivation.formula.axes or derivation.order != 1 or derivation.along is not None:
        raise FormulaError(
            "the gradient of a scalar objective was expected", got="another derivative", remedy="Reduce it to a number."
        )
    taken = {symbol.name for symbol in derivation.formula.symbols}
    rank = len(derivation.wrt.axes)
    point = leaf(derivation.wrt.name, rank)
    rate, decay, speed, ahead = (
        _free(names, taken) for names in (("eta", "rate"), ("mu", "decay"), ("v", "velocity"), ("u", "ahead"))
    )
    slope = derivation.notation.matrix or leaf("g", rank)
    weight, slope = (slope.weights[0], slope.parts[0]) if slope.operation == "sum" and len(slope.parts) == 1 else (1, slope)
    step = Tree("scaled", (leaf(rate, 0), slope), rank)
    if method == "gradient-descent":
        found = [_assign(point, _sum((1, point), (-weight, step)))]
    elif method == "momentum":
        velocity = leaf(speed, rank)
        kept = Tree("scaled", (leaf(decay, 0), velocity), rank)
        found = [_assign(velocity, _sum((1, kept), (-weight, step))), _assign(point, _sum((1, point), (1, velocity)))]
    else:
        new, old = leaf(ahead, rank), leaf(f"{ahead}_before", rank)
        kept = Tree("scaled", (leaf(decay, 0), _sum((1, new), (-1, old))), rank)
        found = [_assign(old, new), _assign(new, _sum((1, point), (-weight, step))), _assign(point, _sum((1, new), (1, kept)))]
    if derivation.notation.matrix is None:
        text = Writing(derivation.notation.short.text, derivation.notation.short.latex)
        places = ", ".join(derivation.notation.places)
        found.insert(0, Assignment(Writing(f"g[{places}]" if places else "g", f"g_{{{places}}}" if places else "g"), text))
    return tuple(found)


def _free(names: tuple[str, ...], taken: set[str]) -> str:
    return next((name for name in names if name not in taken), f"{names[-1]}_new")


def _sum(*terms: tuple[int | Fraction, Tree]) -> Tree:
    return Tree("sum", tuple(tree for _, tree in terms), terms[0][1].rank, weights=tuple(Fraction(weight) for weight, _ in terms))


def _assign(left: Tree, right: Tree) -> Assignment:
    return Assignment(Writing(left.name, name_latex(left.name)), Writing(to_plain(right), to_latex(right)))
