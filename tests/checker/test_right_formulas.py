"""The right formula beside a refutation is in the names that the claim itself uses."""

import pytest

from gradproof import check

BEFORE = "Let $f = \\frac{a}{b}$ with $a = x^2 + \\sigma(y)$ and $b = 3x + y$.\n\n"


@pytest.mark.parametrize(
    ("claim", "names", "others"),
    [
        ("\\frac{\\partial f}{\\partial y} = \\frac{\\sigma(y)(1 - \\sigma(y)) b + a}{b^2}", ("a", "b"), ("x",)),
        ("\\frac{\\partial f}{\\partial x} = \\frac{2x (3 x + y) + 3 (x^2 + \\sigma(y))}{(3x + y)^2}", ("x", "y"), ("a", "b")),
    ],
)
def test_in_the_names_of_the_claim(claim, names, others, tmp_path):
    path = tmp_path / "sheet.md"
    path.write_text(f"{BEFORE}$${claim}$$\n")
    (link,) = [link for equation in check(str(path)).files[0].equations for link in equation.links if link.verdict == "refuted"]
    bare = link.expected.replace("\\frac", "").replace("\\left", "").replace("\\right", "").replace("\\sigma", "")
    assert all(name in bare for name in names)
    assert not any(name in bare for name in others)
