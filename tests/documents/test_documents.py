"""Prose fixtures: each document declares its expected verdicts in comments.

``<!-- expect (7) refuted R102 0.731 -->`` speaks of the equation with that printed number: its verdict, then optionally its
code and the beginning of the expected value of some link. ``<!-- expect none but TAGS -->`` is not needed: whatever is not
named must not be a fault.
"""

import re
from pathlib import Path

import pytest

from gradproof.checker.check import check

FOLDER = Path(__file__).parent
EXPECT = re.compile(r"<!-- expect \((\S+)\) (\w+)(?: ([A-Z]\d+))?(?: (\S+))? -->")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_verdicts_are_those_the_document_declares(path):
    (file,) = check(str(path), timeout=60).files  # a verdict is no matter of how busy the machine is
    by_tag = {equation.tag: equation for equation in file.equations if equation.tag}
    named = set()
    for tag, verdict, code, value in EXPECT.findall(path.read_text()):
        named.add(tag)
        equation = by_tag[tag]
        assert equation.verdict.value == verdict, (tag, equation)
        assert not code or equation.code == code, (tag, equation)
        if value:
            assert any((link.expected or "").startswith(value) for link in equation.links), (tag, equation)
    faults = {equation.tag or equation.latex for equation in file.equations if equation.verdict.is_fault}
    assert faults <= named
    assert named, "a fixture declares at least one verdict"
