"""Formulas to presentation trees: prose fixtures, places, bad input, a real corpus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof.reader.outline import dump
from gradproof.reader.parser import parse_formula
from gradproof.reader.presentation import Hole, Name, Numeral, Place, Tree, Words
from gradproof.reader.tokens import tokenize

FIXTURES = Path(__file__).parent / "fixtures"
SHARED = Path(__file__).parents[2].parent / "shared"


def fixtures() -> Iterator[tuple[str, str, str]]:
    """Yield the pairs of a formula and its tree; a pair is two lines, a blank line stands between pairs."""
    for path in sorted(FIXTURES.glob("*.txt")):
        for pair in path.read_text(encoding="utf-8").strip().split("\n\n"):
            latex, expected = pair.split("\n")
            yield path.stem, latex, expected.strip()


def nodes(tree: Tree) -> Iterator[Tree]:
    waiting: list[object] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple):
            waiting.extend(node)
        elif is_dataclass(node) and not isinstance(node, Place):
            yield node  # type: ignore[misc]
            waiting.extend(getattr(node, entry.name) for entry in fields(node))


CASES = list(fixtures())


@pytest.mark.parametrize(("latex", "expected"), [case[1:] for case in CASES], ids=[f"{case[0]}: {case[1]}" for case in CASES])
def test_fixture(latex: str, expected: str) -> None:
    assert dump(parse_formula(latex)) == expected


@pytest.mark.parametrize("latex", [case[1] for case in CASES])
def test_every_place_lies_in_the_source_and_holds_the_text(latex: str) -> None:
    assert_places(latex, parse_formula(latex))


def assert_places(latex: str, tree: Tree) -> None:
    for node in nodes(tree):
        start, end = node.place.start, node.place.end
        assert 0 <= start <= end <= len(latex), (node, latex)
        text = latex[start:end]
        match node:
            case Hole() if node.reason != "an empty formula":
                assert node.text in (text, "{}")
            case Numeral():
                assert text.replace("{,}", "").replace("\\,", "") == node.text or not text.isascii()
            case Name(font="italic") if len(node.text) == 1 and node.text.isascii() and text.isascii():
                assert node.text in text
            case Words():
                assert node.text.split()[0] in text if node.text else True
            case _:
                pass


def test_a_nested_node_lies_inside_its_parent() -> None:
    latex = r"\frac{\partial f}{\partial x} = \sum_{i=1}^n \left( x_i + \|y\|_2^2 \right) \cdot b!"
    tree = parse_formula(latex)
    for node in nodes(tree):
        for inner in nodes(node):
            assert node.place.start <= inner.place.start <= inner.place.end <= node.place.end
    assert (tree.place.start, tree.place.end) == (0, len(latex))


NESTED = {
    "braces": ("{", "x", "}"),
    "fences": ("(", "x", ")"),
    "left and right": (r"\left(", "x", r"\right)"),
    "scripts": ("x^{", "2", "}"),
    "matrices": (r"\begin{matrix}", "x", r"\end{matrix}"),
    "fractions": (r"\frac{1}{", "x", "}"),
    "roots": (r"\sqrt", "x", ""),
    "accents": (r"\hat", "x", ""),
    "fonts": (r"\mathrm{", "x", "}"),
    "integrals": (r"\int ", "x", " dx"),
    "sums": (r"\sum ", "x", ""),
    "signs": ("-", "x", ""),
    "objectives": (r"\max_", "x", ""),
    "half open": ("(", "x", ""),
    "bars": ("(|", "x", ""),
    "sums of terms": ("x +", "x", ""),
    "quotients": ("x /", "x", ""),
    "factorials": ("", "x", "!"),
    "rows": ("= a \\\\ ", "x", ""),
    "over": (r"a \over ", "x", ""),
    "labels": (r"\label{", "", ""),
}


@pytest.mark.parametrize("kind", NESTED)
def test_ten_thousand_of_anything_is_a_tree_or_a_hole(kind: str) -> None:
    opening, middle, closing = NESTED[kind]
    tree = parse_formula(opening * 10_000 + middle + closing * 10_000)
    assert dump(tree)


def test_what_is_nested_too_deeply_is_one_hole() -> None:
    tree = parse_formula("{" * 10_000 + "x" + "}" * 10_000 + " = 1")
    assert [node.reason for node in nodes(tree) if isinstance(node, Hole)] == ["nested too deeply"]


@pytest.mark.parametrize("latex", ["", " ", "%", r"\,", "{}", "&", r"\\", "."])
def test_an_empty_formula_is_a_hole(latex: str) -> None:
    tree = parse_formula(latex)
    assert isinstance(tree, Hole)


ALPHABET = (
    r"x y d n 1 2.5 + - * / = < \le , ; : . ... ! ' _ ^ { } ( ) [ ] | || \| & \\ \alpha \frac \sqrt \sum \int \max \min \arg \hat "
    r"\mathbf \mathrm \text{if} \text \operatorname* \left( \left. \left| \right) \right| \bigl| \mid \quad \cdot \times \begin{matrix} "
    r"\end{matrix} \begin{aligned} \end{aligned} \begin{cases} \end{cases} \begin{foo} \underset \overset \stackrel \not \over \choose "
    r"\foo \bf \label \color \dots ² ∑ σ \{ \} \binom \underbrace dx \mathrm{d} \pmod \substack \xrightarrow \array % @ \ "
)
PIECES = ALPHABET.split()
formulas = st.lists(st.sampled_from([*PIECES, " ", "\n", "{}", "{x}", "(x)", "_i", "^{2}"]), max_size=40).map(" ".join)
dense = st.lists(st.sampled_from([*PIECES, " "]), max_size=40).map("".join)


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.one_of(formulas, dense, st.text(alphabet=r"\{}()|_^&$%x1=+-.,'!a~²" + "\n", max_size=60), st.text(max_size=30)))
def test_no_input_raises_and_every_place_lies_in_it(latex: str) -> None:
    tree = parse_formula(latex)
    dump(tree)
    for node in nodes(tree):
        assert 0 <= node.place.start <= node.place.end <= len(latex)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from([*PIECES, "{x}", "_i"]), max_size=20).map(" ".join))
def test_nothing_is_dropped(latex: str) -> None:
    """Each letter of the source lies in a leaf of the tree."""
    dropped = (
        r"\label",
        r"\color",
        "%",
        r"\xrightarrow",
        r"\overset",
        r"\stackrel",
        r"\underset",
        r"\int",
        "< _",
        "= _",
        r"\le _",
        "< ^",
    )
    if any(word in latex for word in (*dropped, "= ^", r"\le ^")):
        return
    leaves = [node for node in nodes(parse_formula(latex)) if isinstance(node, Name | Numeral | Words | Hole)]
    for token in tokenize(latex):
        if token.kind in ("letter", "number", "name"):
            assert any(leaf.place.start <= token.start < leaf.place.end for leaf in leaves), token


@pytest.mark.skipif(not (SHARED / "corpus" / "d2l").is_dir(), reason="the corpus is not here")
def test_nearly_all_displays_of_a_textbook_are_read() -> None:
    displays = [
        re.sub(r"\\(?:tag|eqlabel|label)\{[^}]*\}", "", display)
        for path in sorted((SHARED / "corpus" / "d2l").rglob("*.md"))
        for display in re.findall(r"\$\$(.+?)\$\$", re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S), re.S)
    ]
    read = 0
    for display in displays:
        tree = parse_formula(display)
        assert_places(display, tree)
        read += all(node.reason == "ellipsis" for node in nodes(tree) if isinstance(node, Hole))
    assert read > 0.97 * len(displays)
