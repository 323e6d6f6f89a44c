"""The trees of matrix notation, and how they are written in plain text and LaTeX.

A tree is a scalar, a column or a matrix; how many axes it has is its ``rank``. Products are flat: ``A' * (A x - b)`` has two factors.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.printer.latex import name_latex, word_latex
from gradproof.printer.layout import is_long_decimal, rational_text

#: How tightly what was written holds together.
SUM, PRODUCT, UNARY, POWER, ATOM = range(5)


@dataclass(frozen=True, slots=True)
class Tree:
    """One node: ``operation`` with its ``parts``; ``name`` and ``weights`` where the operation has them.

    A variable that ``is_symmetric`` is its own transpose.
    """

    operation: str
    parts: tuple[Tree, ...] = ()
    rank: int = 0
    name: str = ""
    weights: tuple[Fraction, ...] = ()
    is_symmetric: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """A piece of text with its binding strength."""

    text: str
    strength: int

    def within(self, strength: int) -> str:
        """Return the text for a place that asks for that strength."""
        return self.text if self.strength >= strength else f"({self.text})"


def leaf(name: str, rank: int, *, is_symmetric: bool = False) -> Tree:
    """Return a variable."""
    return Tree("name", (), rank, name, is_symmetric=is_symmetric)


def scalar_text(text: str) -> Tree:
    """Return a scalar that is written as it is: a size, a number."""
    return Tree("text", (), 0, text)


def transposed(tree: Tree) -> Tree:
    """Return a transpose in its shortest form."""
    match tree.operation:
        case "transpose":
            return tree.parts[0]
        case "diagonal" | "eye":
            return tree
        case "name" if tree.is_symmetric:
            return tree
        case "call" if tree.name == "inv" and transposed(tree.parts[0]) == tree.parts[0]:
            return tree
        case "product":
            return Tree("product", tuple(transposed(part) for part in reversed(tree.parts)), tree.rank)
        case "sum":
            parted = Tree("sum", tuple(transposed(part) for part in tree.parts), tree.rank, weights=tree.weights)
            return parted if count(parted, "transpose") < 1 + count(tree, "transpose") else Tree("transpose", (tree,), tree.rank)
        case "scaled":
            return Tree("scaled", (tree.parts[0], transposed(tree.parts[1])), tree.rank)
        case "quotient" if not tree.parts[1].rank:
            return Tree("quotient", (transposed(tree.parts[0]), tree.parts[1]), tree.rank)
        case _:
            return Tree("transpose", (tree,), tree.rank)


def fewer_transposes(tree: Tree) -> Tree:
    """Return a matrix or its transpose: the one that is written with fewer transposes."""
    turned = transposed(tree)
    return turned if count(turned, "transpose") < count(tree, "transpose") else tree


def count(tree: Tree, operation: str) -> int:
    """Return how often an operation is written."""
    return (tree.operation == operation) + sum(count(part, operation) for part in tree.parts)


def size(tree: Tree) -> int:
    """Return how much of a tree there is to read; a number that is added to every entry of a matrix reads badly."""
    is_broadcast = tree.operation == "sum" and tree.rank == 2 and any(not part.rank for part in tree.parts)
    return 1 + 4 * is_broadcast + sum(size(part) for part in tree.parts)


def product(*trees: Tree, rank: int) -> Tree:
    """Return a matrix product, flat."""
    parts: list[Tree] = []
    for tree in trees:
        parts.extend(tree.parts if tree.operation == "product" else (tree,))
    return Tree("product", tuple(parts), rank)


def to_plain(tree: Tree) -> str:
    """Return the tree in the language of plain formulas: ``A'*(A*x - b)``."""
    return _plain(tree).text


def to_latex(tree: Tree) -> str:
    """Return the tree as LaTeX: ``A^\\top (A x - b)``."""
    return _latex(tree).text


#: The larger and the smaller of two are written as the largest and the smallest.
_SHORT_NAMES = {"maximum": "max", "minimum": "min"}


# Plain text -----------------------------------------------------------------------------------------------------------


def _plain(tree: Tree) -> Written:
    parts = tree.parts
    match tree.operation:
        case "name":
            return Written(tree.name, ATOM)
        case "text":
            return Written(tree.name, ATOM if tree.name.isalnum() else SUM)
        case "sum":
            return Written(_terms([_plain(part).within(PRODUCT) for part in parts], tree.weights, "{}*{}", rational_text), SUM)
        case "scaled":
            beside = PRODUCT if parts[1].operation in ("scaled", "product", "quotient") else UNARY
            return Written(f"{_plain(parts[0]).within(_beside(parts))}*{_plain(parts[1]).within(beside)}", PRODUCT)
        case "product":
            return Written("*".join(_run_plain(part, times) for part, times in _runs(parts)), PRODUCT)
        case "hadamard":
            return Written(".*".join(_plain(part).within(UNARY) for part in parts), PRODUCT)
        case "quotient":
            sign = "./" if parts[1].rank else "/"
            return Written(f"{_plain(parts[0]).within(PRODUCT)}{sign}{_plain(parts[1]).within(POWER)}", PRODUCT)
        case "transpose":
            return Written(f"{_plain(parts[0]).within(ATOM)}'", POWER)
        case "power":
            sign = ".^" if tree.rank else "^"
            return Written(f"{_plain(parts[0]).within(ATOM)}{sign}{_plain(parts[1]).within(ATOM)}", POWER)
        case "diagonal":
            return Written(f"diag({_argument(parts[0])})", ATOM)
        case "ones":
            return Written("vector(1)", ATOM)
        case "eye":
            return Written("eye", ATOM)
        case "compare":
            return Written(f"({_plain(parts[0]).text} {tree.name} {_plain(parts[1]).text})", ATOM)
        case "call":
            name = _SHORT_NAMES.get(tree.name, tree.name)
            return Written(f"{name}({', '.join(_argument(part) for part in parts)})", ATOM)
        case _:
            raise AssertionError(tree.operation)


def _runs(parts: tuple[Tree, ...]) -> list[tuple[Tree, int]]:
    """Return the factors of a product, each with how often it stands side by side: ``X X X`` is ``X^3``."""
    runs: list[tuple[Tree, int]] = []
    for part in parts:
        if runs and runs[-1][0] == part and part.rank == 2 and not _is_inverse(part):
            runs[-1] = part, runs[-1][1] + 1
        else:
            runs.append((part, 1))
    return runs


def _is_inverse(tree: Tree) -> bool:
    inner = tree.parts[0] if tree.operation == "transpose" else tree
    return inner.operation == "call" and inner.name == "inv"


def _run_plain(part: Tree, times: int) -> str:
    return _plain(part).within(UNARY) if times == 1 else f"{_plain(part).within(ATOM)}^{times}"


def _run_latex(part: Tree, times: int) -> str:
    return _latex(part).within(UNARY) if times == 1 else f"{_latex(part).within(ATOM)}^{{{times}}}"


def detours(tree: Tree) -> int:
    """Return how often ones are written to repeat a vector along an axis; the matrix of ones is none."""
    if (
        tree.operation == "product"
        and len(tree.parts) == 2
        and all(transposed(part).operation == "ones" or part.operation == "ones" for part in tree.parts)
    ):
        return 0
    return (tree.operation == "ones") + sum(map(detours, tree.parts))


def _argument(tree: Tree) -> str:
    """Return an argument: a comparison needs no parentheses of its own there."""
    text = _plain(tree).text
    return text[1:-1] if tree.operation == "compare" else text


def _terms(texts: list[str], weights: tuple[Fraction, ...], times: str, number: object) -> str:
    assert callable(number)
    out = ""
    for text, weight in zip(texts, weights, strict=True):
        size = abs(weight)
        if size == 1 or text == "1":
            term = text if size == 1 else number(size)
        elif size.numerator == 1 and not is_long_decimal(size):
            term = f"{text}/{size.denominator}" if times == "{}*{}" else times.format(number(size), text)
        else:
            term = times.format(number(size), text) if times == "{}*{}" else _joined([number(size), text])
        if not out:
            out = f"-{term}" if weight < 0 else term
        else:
            out += f" - {term}" if weight < 0 else f" + {term}"
    return out


def _beside(parts: tuple[Tree, ...]) -> int:
    """Return how tightly a scalar has to hold together before its tensor: ``(w' A w) w`` is no product of four."""
    return UNARY if parts[0].operation == "product" and parts[1].rank else PRODUCT


# LaTeX ----------------------------------------------------------------------------------------------------------------

_CONSTANTS = {"pi": r"\pi", "infinity": r"\infty"}
_CALLS = {"inv": None, "norm1": "_1", "norm2": "_2", "normF": "_F"}


def _latex(tree: Tree) -> Written:
    parts = tree.parts
    match tree.operation:
        case "name":
            return Written(name_latex(tree.name), ATOM)
        case "text" if "=" in tree.name:
            name, _, value = tree.name.partition("=")
            return Written(f"{word_latex(name, 'mathrm')}={value}", ATOM)
        case "text":
            text = _CONSTANTS.get(tree.name, tree.name.replace("*", " "))
            return Written(text, ATOM if tree.name.isalnum() else SUM)
        case "sum":
            return Written(_terms([_latex(part).within(PRODUCT) for part in parts], tree.weights, "{} {}", _latex_number), SUM)
        case "scaled":
            first = _latex(parts[0]).within(_beside(parts))
            return Written(_joined([first, _latex(parts[1]).within(UNARY)]), PRODUCT)
        case "product":
            return Written(_joined([_run_latex(part, times) for part, times in _runs(parts)]), PRODUCT)
        case "hadamard":
            return Written(r" \odot ".join(_latex(part).within(UNARY) for part in parts), PRODUCT)
        case "quotient" if parts[1].rank:
            return Written(rf"{_latex(parts[0]).within(UNARY)} \oslash {_latex(parts[1]).within(UNARY)}", PRODUCT)
        case "quotient":
            return Written(rf"\frac{{{_latex(parts[0]).text}}}{{{_latex(parts[1]).text}}}", UNARY)
        case "transpose":
            return Written(rf"{_latex(parts[0]).within(ATOM)}^\top", POWER)
        case "power":
            sign = r"\circ " if tree.rank else ""
            return Written(rf"{_latex(parts[0]).within(ATOM)}^{{{sign}{_latex(parts[1]).text}}}", POWER)
        case "diagonal":
            return Written(rf"\operatorname{{diag}}({_latex(parts[0]).text})", ATOM)
        case "ones":
            return Written(r"\mathbf{1}", ATOM)
        case "eye":
            return Written("I", ATOM)
        case "compare":
            sign = {"<=": r"\le", ">=": r"\ge", "!=": r"\ne"}.get(tree.name, tree.name)
            return Written(rf"[{_latex(parts[0]).text} {sign} {_latex(parts[1]).text}]", ATOM)
        case "call":
            return _latex_call(tree)
        case _:
            raise AssertionError(tree.operation)


def _latex_call(tree: Tree) -> Written:
    inner = [_latex(part) for part in tree.parts]
    if tree.name == "inv":
        return Written(f"{inner[0].within(ATOM)}^{{-1}}", POWER)
    if tree.name in _CALLS:
        return Written(rf"\|{inner[0].text}\|{_CALLS[tree.name]}", ATOM)
    if tree.name == "sqrt":
        return Written(rf"\sqrt{{{inner[0].text}}}", ATOM)
    if tree.name == "sum" and tree.parts[0].rank == 2:
        return Written(rf"\mathbf{{1}}^\top {inner[0].within(UNARY)} \mathbf{{1}}", PRODUCT)
    if tree.name == "sum":
        return Written(rf"\mathbf{{1}}^\top {inner[0].within(UNARY)}", PRODUCT)
    entry = FUNCTIONS.get(tree.name) or TENSOR_FUNCTIONS.get(tree.name)
    spelled = entry.latex[0] if entry is not None and entry.latex else word_latex(tree.name)
    return Written(f"{spelled}({', '.join(part.text for part in inner)})", ATOM)


def _joined(texts: list[str]) -> str:
    return "".join([*texts[:1], *(rf" \cdot {text}" if text[0].isdigit() else f" {text}" for text in texts[1:])])


def _latex_number(value: Fraction) -> str:
    if value.denominator == 1 or is_long_decimal(value):
        return rational_text(value)
    return rf"\tfrac{{{value.numerator}}}{{{value.denominator}}}"
