"""Which places are open, and that answers with and without them leave the rest of a text alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof import complete
from gradproof.completion.places import open_places
from gradproof.completion.source import Edit, plain_source
from gradproof.reader.read import read_document

OPEN = [
    "$2 + 3 = ?$", "$2 + 3 = \\_\\_$", "$2 + 3 = \\ldots ?$", "$2 + 3 = \\boxed{}$", "$2 + 3 = \\boxed{?}$", "$2 + 3 = TODO$",
    "$2 + 3 = \\text{TODO}$", "$2 + 3 = \\fillin$", "$2 + 3 = \\text{(your answer)}$",
    "$2 + 3 =$ ?", "$2 + 3 =$ ____", "$2 + 3 = \\underline{\\hspace{2cm}}$", "$2 + 3 = {\\color{red} ?}$",
    "$$2 + 3 =$$", "$$2 + 3 = \\tag{1}$$", "$(2 + 3) = $", "$2 + 3 \\approx ?$", "$? = 2 + 3$", "$2 + 3 = ?$.", "$2 + 3 = ?.$",
    "$$\n\\begin{aligned} 2 + 3 &= \\\\ 1 + 1 &= 2 \\end{aligned}\n$$",
]  # fmt: skip
CLOSED = [
    "$2 + 3 = 5$?", "Is $2 + 3 \\stackrel{?}{=} 5$", "`$2 + 3 = ?$`", "<!-- $2 + 3 = ?$ -->", "```\n2 + 3 = ?\n```",
    "$x = \\ldots = 3$", "$F =$ $\\begin{pmatrix} 1 \\end{pmatrix}$", "$$\\begin{aligned} x = \\\\ 2 + 3 \\end{aligned}$$",
    "so $x =$ three apples",
]  # fmt: skip


@pytest.mark.parametrize("text", OPEN)
def test_blank_is_found_and_filled(text):
    completion = complete(f"We have {text}\n" if not text.startswith("$$") else f"{text}\n")
    assert [place.latex for place in completion.filled] == ["5"]
    assert not open_places(read_document("x.md", completion.text))[0]


@pytest.mark.parametrize("text", CLOSED)
def test_what_is_no_blank_stays(text):
    assert open_places(read_document("x.md", f"{text}\n"))[0] == []


def test_a_blank_inside_a_side_is_reported():
    completion = complete("$x^2 - 4 = (x - 2)(?)$\n")
    assert completion.text == "$x^2 - 4 = (x - 2)(?)$\n"
    assert [left.reason for left in completion.left_open] == ["the blank is only a part of a side"]


def test_what_nobody_can_know_is_left_open_with_a_reason():
    completion = complete("Then $q(s) = ?$ follows.\n")
    assert completion.text == "Then $q(s) = ?$ follows.\n"
    assert completion.left_open[0].line == 1
    assert completion.left_open[0].reason


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab\r\n\u00e9$=? \\", max_size=40), st.data())
def test_edits_change_nothing_else(raw, data):
    source = plain_source(raw)
    start = data.draw(st.integers(0, len(source.text)))
    end = data.draw(st.integers(start, len(source.text)))
    edited = source.edited([Edit(start, end, "X")])
    first, last = source.places[start], source.places[end] if end > start else source.places[start]
    assert edited == raw[:first] + "X" + raw[last:]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.sampled_from(["Some words, 5 > 3.", "- an item", "| a | b |", "# Title", "> quoted", "`code = ?`"]), max_size=4),
    st.integers(-20, 20), st.integers(1, 9),
)  # fmt: skip
def test_bytes_outside_stay(around, first, second):
    head = "".join(f"{line}\n\n" for line in around)
    text = f"{head}$${first} \\cdot {second} = ?$$\n\n{head}"
    assert complete(text).text == f"{head}$${first} \\cdot {second} = {first * second}$$\n\n{head}"
