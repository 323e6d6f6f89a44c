"""Expressions in the notation of a document: its letters, its macros, its way to write functions, transposes and sums."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from string import ascii_lowercase

from gradproof.completion.samples import SampleSum, over_samples
from gradproof.completion.writing import closing, coefficient_first, flattened, grouped
from gradproof.elaborate.sizes import is_unknown
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.expr.node import Call, Element, Expr, Index, Reduce, Symbol
from gradproof.expr.walk import contains, symbols, transform
from gradproof.printer.latex import name_latex
from gradproof.printer.latex import to_latex as index_latex
from gradproof.printer.matrix.recognize import matrix_form
from gradproof.printer.matrix.tree import to_latex as matrix_latex

_STAND_IN = "Zq"
_SAMPLE = "Zs"
_TALL = re.compile(r"\\(?:d?frac|tfrac|sum|prod|int|begin|binom|sqrt)")
_UPRIGHT = r"\\(?:operatorname|mathrm|text|textrm|mathsf|mathbf|textsf)\*?\s*\{%s\}"
#: A vector by its letter, and an inner product of two.
_VECTOR = (
    r"(?:[a-z]|\\(?:mathbf|boldsymbol|bm|vec)\s*\{\\?[a-z]+\}|\\(?:theta|beta|phi|mu|xi|omega)(?![a-z]))(?:_(?:\w|\{[^{}]*\}))?"
)
_DOT = re.compile(rf"(?<![\w\\^{{])(?P<left>{_VECTOR})(?P<sign>\^(?:\\top|T|\{{\\top\}}|\{{T\}})) (?P<right>{_VECTOR})(?![\w^{{_])")
_DELTA = re.compile(r"\\mathbb\{1\}\[(\w) = (\w)\]|\\mathbb\{1\}\[(\w) - (\w) = 0\]")


@dataclass(frozen=True)
class Notation:
    """The notation of one scope of a document.

    ``spelled`` has the LaTeX of its names, ``indexed`` that of the names that it writes with subscripts, ``raised`` the names among them
    whose number stands above (``x^{(i)}``), ``numbers`` the letter of that number, ``only_indexed`` those that it never writes alone;
    ``text`` is its mathematics, expanded;
    ``macros`` has the expansions of its macros with what is written for them.
    """

    spelled: dict[str, str]
    text: str
    indexed: dict[str, str] = field(default_factory=dict)
    macros: dict[str, str] = field(default_factory=dict)
    raised: frozenset[str] = frozenset()
    numbers: dict[str, str] = field(default_factory=dict)
    only_indexed: frozenset[str] = frozenset()

    def written(self, body: Expr, axes: Sequence[Index]) -> Iterator[str]:
        """Yield an expression in writing, the form that fits the document best first; nothing where no notation says it."""
        sums = list(self._with_sample_sums(body, tuple(axes)))
        for latex in sums or self._plainly(body, tuple(axes), {}):
            yield flattened(_DOT.sub(self._turned, latex))

    def _turned(self, match: re.Match[str]) -> str:
        """Write an inner product of two vectors in the order of the document."""
        written = "".join(self.text.split())
        sign, left, right = "".join(match["sign"].split()), "".join(match["left"].split()), "".join(match["right"].split())
        is_turned = f"{right}{sign}{left}" in written and f"{left}{sign}{right}" not in written
        return f"{match['right']}{match['sign']} {match['left']}" if is_turned else match.group()

    def _plainly(self, body: Expr, axes: tuple[Index, ...], table: dict[str, tuple[str, str]]) -> Iterator[str]:
        """Yield an expression in writing; ``table`` has the spellings of stand-ins that are in it."""
        renamed = self._renamed(body, table)
        unknown = [name_latex(symbol.name) for symbol in _sizes(body) if is_unknown(symbol)]
        forms = [matrix_form(renamed, axes)] if len(axes) <= 2 and not renamed.free_indices - set(axes) else []
        matrix = [matrix_latex(tree) for tree in forms if tree is not None and contains(renamed, _is_tensor)]
        index = [] if axes else [index_latex(renamed)]
        uses_sums = "\\sum" in self.text
        for latex in dict.fromkeys([*index, *matrix] if uses_sums else [*matrix, *index]):
            spelled = self._spelled_out(latex, table, unknown)
            if spelled is not None:
                bars = re.sub(r"\\operatorname\{abs\}\(([^()]*)\)", r"|\1|", spelled)
                yield from dict.fromkeys((bars, spelled))

    # Samples --------------------------------------------------------------------------------------------------------------

    def _with_sample_sums(self, body: Expr, axes: tuple[Index, ...]) -> Iterator[str]:
        """Yield an expression with its sums over samples as sums: ``\\sum_i (w^T x_i - y_i) x_i``."""
        names = (f"{_SAMPLE}{_letters(number)}" for number in count())
        found = over_samples(body, axes, self.only_indexed, lambda: next(names))
        if found is None:
            return
        outer, sums = found
        table: dict[str, tuple[str, str]] = {}
        for part in sums:
            written = self._sample_sum(part)
            if written is None:
                return
            table[name_latex(part.sign)] = (written, written)
        for latex in self._plainly(outer, axes, table):
            yield coefficient_first(latex)

    def _sample_sum(self, part: SampleSum) -> str | None:
        """Return a sum over samples in writing, or None where its summand has no notation."""
        number = next((self.numbers[key] for key in part.quantities.values() if key in self.numbers), part.index.name)
        index = Index(number, part.index.uid, part.index.lower, part.index.upper)
        table = {
            name_latex(name): (sample, sample) for name, key in part.quantities.items() for sample in [self._sample(key, number)]
        }
        forms = self._matrix_first(part.inner, part.axes, table)
        inner = next(forms, None)
        if inner is None:
            return None
        head = index_latex(Reduce("sum", (index,), Symbol(_SAMPLE), None)).replace(name_latex(_SAMPLE), "").strip()
        unknown = [name_latex(symbol.name) for symbol in _sizes(part.inner) if is_unknown(symbol)]
        head = re.sub(r"\^\{.*\}$", "", head) if any(name in head for name in unknown) else head
        return f"{head} {grouped(inner)}"

    def _matrix_first(self, body: Expr, axes: tuple[Index, ...], table: dict[str, tuple[str, str]]) -> Iterator[str]:
        renamed = self._renamed(body, table)
        tree = matrix_form(renamed, axes) if contains(renamed, _is_tensor) else None
        for latex in [matrix_latex(tree)] if tree is not None else [] if axes else [index_latex(renamed)]:
            spelled = self._spelled_out(latex, table, [name_latex(symbol.name) for symbol in _sizes(body) if is_unknown(symbol)])
            if spelled is not None:
                yield spelled

    def _sample(self, key: str, number: str) -> str:
        """Return a sample as the document writes it, by its number."""
        entry = self.indexed.get(key, self.spelled.get(key, key.removesuffix("_of")))
        return f"{{{entry}^{{({number})}}}}" if key in self.raised else f"{entry}_{number}"

    # Names ----------------------------------------------------------------------------------------------------------------

    def _renamed(self, body: Expr, table: dict[str, tuple[str, str]]) -> Expr:
        """Put a stand-in for each name that the printers would spell in another way."""
        stand_ins: dict[str, str] = {}

        def stand_in(name: str) -> str:
            spelled = self.spelled.get(name, "")
            entry = self.indexed.get(name, spelled)
            if not spelled or (spelled == entry == name_latex(name)):
                return name
            if name not in stand_ins:
                stand_ins[name] = _STAND_IN + _letters(len(stand_ins))
                table[name_latex(stand_ins[name])] = (spelled, entry)
            return stand_ins[name]

        def change(node: Expr) -> Expr:
            match node:
                case Symbol(name) if not is_unknown(node):
                    return Symbol(stand_in(name), node.axes, node.properties)
                case Element(symbol, indices) if not symbol.name.startswith(_STAND_IN):
                    return Element(Symbol(stand_in(symbol.name), symbol.axes, symbol.properties), indices)
                case Call(function, arguments, orders) if not function.startswith(_STAND_IN):
                    return Call(stand_in(function), arguments, orders)
                case _:
                    return node

        return transform(body, change)

    def _spelled_out(self, latex: str, table: dict[str, tuple[str, str]], unknown: Sequence[str]) -> str | None:
        """Return a printed expression in the document's spelling, or None where it names a size that the document does not."""
        for size in unknown:
            latex = re.sub(rf"(\\(?:sum|prod))_\{{(\w+)=1\}}\^\{{{re.escape(size)}\}}", r"\1_{\2}", latex)
            if size in latex:
                return None
        latex = self._in_style(latex)
        for name, (spelled, entry) in table.items():
            latex = _put_in(latex, f"{name}_", f"{self.macros.get(entry, entry)}_")
            latex = _put_in(latex, name, self.macros.get(spelled, spelled))
        return self._with_macros(latex)

    def _with_macros(self, latex: str) -> str:
        """Write upright names with the macro that the document has for them."""
        for expansion, use in self.macros.items():
            if len(expansion) > 3 and expansion in latex and use not in latex:
                latex = _put_in(latex, expansion, use)
        return latex

    # Style ----------------------------------------------------------------------------------------------------------------

    def _in_style(self, latex: str) -> str:
        latex = latex.replace("\\tfrac", "\\frac").replace("^{\\circ ", "^{")
        latex = re.sub(
            r"\\left\|([^|]*?)\\right\|", lambda match: match.group() if _TALL.search(match[1]) else f"|{match[1]}|", latex
        )
        latex = _DELTA.sub(lambda match: self._delta(*(part for part in match.groups() if part)), latex)
        latex = _light_fences(latex)
        latex = self._exponentials(latex)
        latex = self._functions(latex)
        latex = re.sub(r"\^\\top", lambda _: self._transpose(), latex)
        latex = re.sub(r"\{([A-Za-z]|\\[A-Za-z]+|\\mathrm\{\w+\})\}_", r"\1_", latex)
        return re.sub(r"([_^])\{(\w)\}", r"\1\2", latex)

    def _delta(self, left: str, right: str) -> str:
        if "\\mathbb{1}" in self.text and "\\delta_" not in self.text:
            return f"\\mathbb{{1}}[{left} = {right}]"
        return f"\\delta_{{{left}{right}}}"

    def _exponentials(self, latex: str) -> str:
        """Write ``e^{x}`` unless the document writes ``\\exp``."""
        if "\\exp" in self.text and not re.search(r"(?<![A-Za-z\\])e\s*\^", self.text):
            return latex
        place = 0
        while (at := latex.find("\\exp", place)) != -1:
            opening = re.compile(r"\\exp\s*(?:\\left)?\(").match(latex, at)
            end = None if opening is None else closing(latex, opening.end())
            if opening is None or end is None:
                place = at + 4
                continue
            inner = latex[opening.end() : end].removesuffix("\\right")
            latex = f"{latex[:at]}e^{{{inner}}}{latex[end + 1 :]}"
            place = at
        return latex

    def _functions(self, latex: str) -> str:
        """Write the functions of the catalogue as the document does."""
        spellings = [(entry.latex, entry.text) for entry in FUNCTIONS.values()]
        spellings += [(tensor.latex, tensor.text) for tensor in TENSOR_FUNCTIONS.values()]
        for signs, words in spellings:
            first = signs[0] if signs else ""
            if not first or first not in latex:
                continue
            known = [sign for sign in signs if re.search(rf"{re.escape(sign)}(?![A-Za-z])", self.text)]
            for word in () if known else words:
                match = re.search(_UPRIGHT % re.escape(word), self.text) or re.search(_UPRIGHT % re.escape(word.title()), self.text)
                known += [match.group()] if match else []
            if known and first not in known:
                latex = _put_in(latex, first, known[0])
        return latex

    def _transpose(self) -> str:
        signs = re.findall(r"\^\s*(?:\{\s*)?(?:\\top|T|\\intercal|\\mathsf\s*\{?T\}?|\\mathrm\s*\{T\})(?:\s*\})?", self.text)
        return max(set(signs), key=lambda sign: (signs.count(sign), sign)) if signs else "^\\top"


def _sizes(body: Expr) -> frozenset[Symbol]:
    return symbols(body) | frozenset().union(
        *(symbols(limit) for index in body.free_indices for limit in (index.lower, index.upper))
    )


def _is_tensor(node: Expr) -> bool:
    return isinstance(node, Element)


def _letters(number: int) -> str:
    return ascii_lowercase[number % 26] if number < 26 else _letters(number // 26 - 1) + ascii_lowercase[number % 26]


def _put_in(latex: str, name: str, spelled: str) -> str:
    """Replace a printed name; a command is kept apart from a letter behind it."""

    def replacement(match: re.Match[str]) -> str:
        behind = latex[match.end() : match.end() + 1]
        return f"{spelled} " if behind.isalpha() and re.search(r"\\[A-Za-z]+$", spelled) else spelled

    return re.sub(re.escape(name) + (r"(?![A-Za-z])" if name[-1:].isalpha() else ""), replacement, latex)


def _light_fences(latex: str) -> str:
    """Write plain parentheses around what is no taller than a line."""
    place = 0
    while (at := latex.find("\\left(", place)) != -1:
        end = closing(latex, at + 6)
        if end is None or _TALL.search(latex, at + 6, end):
            place = at + 6
            continue
        inner = latex[at + 6 : end].removesuffix("\\right")
        latex = f"{latex[:at]}({inner}){latex[end + 1 :]}"
        place = at + 1
    return latex
