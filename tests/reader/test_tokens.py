"""Tokens: kinds, places, and what is folded into one."""

from __future__ import annotations

import pytest

from gradproof.reader.tokens import tokenize


def shape(source: str) -> list[str]:
    return [f"{token.kind}:{token.text}" for token in tokenize(source)[:-1]]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x+1", ["letter:x", "operator:+", "number:1"]),
        ("0.269 .5 1e-3 2.731^2", ["number:0.269", "number:.5", "number:1e-3", "number:2.731", "script:^", "number:2"]),
        ("1{,}000", ["number:1{,}000"]),
        ("1. ", ["number:1", "char:."]),
        (r"\alpha\,\beta~\;\gamma", ["command:\\alpha", "command:\\beta", "command:\\gamma"]),
        (r"a\le b", ["letter:a", "relation:≤", "letter:b"]),
        (r"a \not\in b", ["letter:a", "relation:∉", "letter:b"]),
        (r"\left( x \right]", ["left:(", "letter:x", "right:]"]),
        (r"\bigl| x \bigr|", ["open:|", "letter:x", "close:|"]),
        (r"\text{ if }", ["words:if"]),
        (r"\text{ReLU}", ["name:ReLU"]),
        (r"\operatorname*{arg\,min}", ["command:\\argmin"]),
        (r"\arg\max", ["command:\\argmax"]),
        (r"W \cdot * X", ["letter:W", r"operator:\cdot *", "letter:X"]),
        (r"x \label{a} \hspace{1em} y", ["letter:x", "letter:y"]),
        (r"\phantom{x_{i}} y", ["letter:y"]),
        (r"a \\[2pt] b", ["letter:a", r"newline:\\[2pt]", "letter:b"]),
        (r"a \\ [b]", ["letter:a", r"newline:\\", "open:[", "letter:b", "close:]"]),
        (r"\begin{align*} x", ["begin:align", "letter:x"]),
        ("f''", ["letter:f", "prime:''"]),
        ("x % a comment\n y", ["letter:x", "letter:y"]),
        ("x²", ["letter:x", "raised:²"]),
    ],
)
def test_tokens(source: str, expected: list[str]) -> None:
    assert shape(source) == expected


def test_the_places_are_offsets_into_the_source() -> None:
    source = r"\hat{y} \le \text{ if } \left( 0.5 \right)"
    texts = [source[token.start : token.end] for token in tokenize(source)]
    assert texts == [r"\hat", "{", "y", "}", r"\le", r"\text{ if }", r"\left(", "0.5", r"\right)", ""]


def test_what_stands_over_a_relation_is_its_note() -> None:
    (token, _) = tokenize(r"\overset{!}{=}")
    assert (token.kind, token.text, token.note) == ("relation", "=", "!")


def test_a_long_argument_of_a_font_is_no_name() -> None:
    assert tokenize(r"\mathrm{" + "a" * 500 + "}")[0].kind == "command"
