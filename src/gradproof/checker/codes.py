"""The closed list of codes, one letter a family: P proved, T tested, S stated, R refuted, C carried, M malformed, U unchecked.

Each entry is what ``gradproof explain CODE`` prints: what it means, an example, what to do. D codes concern the
document as a whole (an unanswered part, an unused suppression, an unclosed delimiter) and belong to no equation.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One code: its meaning in a line, an example of what raises it, and what to do about it."""

    code: str
    title: str
    meaning: str
    example: str
    remedy: str


_ALL = (
    Code(
        "P101",
        "equal by canonical form",
        "Both sides have the same canonical form, so they are equal for all values and sizes within the side conditions.",
        "$\\sigma'(x) = \\sigma(x)(1 - \\sigma(x))$",
        "Nothing to do.",
    ),
    Code(
        "P102",
        "equal by arithmetic",
        "Both sides are exact numbers and are the same number, or an inequality between numbers holds.",
        "$(5 - 3 + 1)(5 - 3 + 1) = 9$",
        "Nothing to do.",
    ),
    Code(
        "P103",
        "rounds to",
        "The printed decimal agrees with the exact value to its last digit; decimals inside an expression stand for "
        "the interval of one unit of their last digit.",
        "$\\sigma(1) = 0.731$",
        "Nothing to do.",
    ),
    Code(
        "T101",
        "agrees at random instances",
        "Both sides agree at random typed instances to many digits, but no proof was found. A test is not a proof.",
        "an identity that the canonical form does not reach",
        "Look at the instances in the certificate if the claim matters to you.",
    ),
    Code(
        "T102",
        "optimal at random instances",
        "The stated minimiser was not beaten by any of the points tried, at random typed instances.",
        "$\\operatorname{prox}_{\\lambda|\\cdot|}(v) = \\operatorname{sign}(v)\\max(|v| - \\lambda, 0)$",
        "Look at the instances in the certificate if the claim matters to you.",
    ),
    Code(
        "S101",
        "definition",
        "The equation introduces a name; there is nothing to decide.",
        "$a = x^2 + \\sigma(y)$",
        "Nothing to do. If you meant it as a claim, define the name first.",
    ),
    Code(
        "S102",
        "update",
        "The line is a step of an algorithm, not an equation that holds or fails.",
        "$w \\leftarrow w - \\eta \\nabla L$",
        "Nothing to do.",
    ),
    Code(
        "S103",
        "condition",
        "The relation restricts the values that are spoken of ('for x = 1', 'if k > 0').",
        "For $x = 1, y = 0$,",
        "Nothing to do.",
    ),
    Code("S104", "objective", "A problem to be solved is stated.", "$\\min_w \\|Xw - y\\|^2$", "Nothing to do."),
    Code(
        "S105",
        "declaration",
        "The relation says what kind of thing a symbol is.",
        "$x \\in \\mathbb{R}^n$",
        "Nothing to do.",
    ),
    Code(
        "S106",
        "an expression",
        "A formula without a relation claims nothing.",
        "$\\sum_i x_i^2$",
        "Nothing to do.",
    ),
    Code(
        "R101",
        "the two sides differ",
        "The sides differ at a concrete instance, under every plausible reading; the witness gives its exact inputs and "
        "disjoint enclosures of both sides.",
        "$(x + 1)^2 = x^2 + 1$",
        "Compare with the expected formula or value that is shown.",
    ),
    Code(
        "R102",
        "wrong number",
        "The stated number is outside the enclosure of the right one.",
        "$\\sigma(1) = 0.269$",
        "Replace it by the expected value that is shown.",
    ),
    Code(
        "R103",
        "an inequality fails",
        "The stated order is violated at a concrete instance.",
        "$2 < 1$",
        "Check the direction and the conditions.",
    ),
    Code(
        "R104",
        "contradicts the quantity that it names",
        "The formula is given as a quantity with a known meaning (which the document itself states), and it is not that quantity.",
        "top-k error written as mean of $[R_i > k]$ where R counts the strictly larger scores",
        "Compare with the definition that is shown, or rename the quantity.",
    ),
    Code(
        "R105",
        "not a minimiser",
        "A point with a smaller objective was found, so the stated minimiser is wrong.",
        "$\\arg\\min_x (x - 1)^2 = 2$",
        "Compare with the better point in the witness.",
    ),
    Code(
        "R106",
        "wrong derivative",
        "The stated derivative differs from the derivative at a concrete instance, under every plausible reading.",
        "$\\frac{d}{dx} x^3 = 3x$",
        "Compare with the expected derivative that is shown.",
    ),
    Code(
        "C101",
        "follows from an earlier wrong value",
        "The number is wrong, yet it follows correctly from a value that the document stated wrongly before.",
        "$b = 3 - \\sigma(1) = 2.731$ after $\\sigma(1) = 0.269$",
        "Mend the earlier value; the right one for this line is shown.",
    ),
    Code(
        "M101",
        "an index leaves its range",
        "A subscript runs beyond the size that the document gave to the object.",
        "$\\sum_{i=2}^{4} W_{ij}$ where W is 3x3",
        "Mend the limits or the declared size.",
    ),
    Code(
        "M102",
        "shapes do not fit",
        "The two sides, or two operands, have shapes that cannot be combined.",
        "$A + x$ where A is 3x4 and x has 2 entries",
        "Mend the shapes; a transpose may be missing.",
    ),
    Code(
        "M103",
        "an index is used in two ways",
        "A bound index is free elsewhere in the same formula, or the two sides have different free indices.",
        "$y_i = \\sum_i A_{ij} x_j$",
        "Rename the index.",
    ),
    Code("U101", "an ellipsis", "The formula leaves something out with dots.", "$a_1 + \\dots + a_n$", "Write the sum."),
    Code(
        "U102",
        "unreadable",
        "A part of the formula could not be read; it is kept as a hole and not guessed.",
        "an unknown macro",
        "Define the macro, or write the part in plain notation.",
    ),
    Code(
        "U103",
        "opaque function",
        "The claim hangs on a function that the document does not define.",
        "$f(x + y) = f(x) + f(y)$",
        "Define the function, or assume what is known of it.",
    ),
    Code(
        "U104",
        "missing context",
        "A symbol of the claim is never introduced, so there is nothing to compare with.",
        "$F = 109$ where the image is never given",
        "Give the missing definition or data.",
    ),
    Code("U105", "not a claim", "The relation is not one that can be decided.", "$x \\sim N(0, 1)$", "Nothing to do."),
    Code(
        "U106",
        "out of time",
        "The time for one equation ran out, or its worker reached the memory limit.",
        "$9^{9^{9^9}} = 1$",
        "Raise --timeout, or split the claim.",
    ),
    Code(
        "U107",
        "too many readings",
        "The symbols of the formula can be read in more ways than can be tried.",
        "a formula of many undeclared symbols",
        "Declare the symbols, in the text or with --assume.",
    ),
    Code(
        "U108",
        "readings disagree",
        "The claim holds under one plausible reading and fails under another.",
        "$\\log 100 = 2$",
        "Say which reading is meant, in the text or with --assume.",
    ),
    Code(
        "U109",
        "not decided",
        "No method proved, tested or refuted the claim.",
        "an inequality that held at all instances tried",
        "State conditions, or split the claim.",
    ),
    Code(
        "U110",
        "no rule for this construct",
        "The formula was read, but it uses a construct that no deciding method covers yet.",
        "a limit, a path integral",
        "Nothing to do.",
    ),
    Code("D101", "an unanswered part", "A part is announced and nothing stands below it.", "(a)", "Answer it."),
    Code(
        "D102",
        "an unused suppression",
        "A 'gradproof: ignore' silences nothing.",
        "<!-- gradproof: ignore[R101] -->",
        "Remove it.",
    ),
    Code(
        "D103",
        "trouble in the document",
        "A delimiter is not closed, or a file that is asked for is not read.",
        "an unclosed $$",
        "Mend the place that is shown.",
    ),
)

CODES: dict[str, Code] = {code.code: code for code in _ALL}
