"""Values as a document writes them: exact where they are rational, decimals rounded to the digits that are asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from flint import arb, fmpq

_NUMBER_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_COUNT = rf"(\d+|{'|'.join(_NUMBER_WORDS)})"
_PLACES = re.compile(
    rf"{_COUNT}[\s-]+(?:decimal(?:s|\s+(?:places?|digits?))?(?![\w-])|places|digits\s+(?:after|behind)\s+the\s+(?:decimal\s+)?point|d\.?p\.?(?!\w))",
    re.IGNORECASE,
)
_SIGNIFICANT = re.compile(
    rf"{_COUNT}[\s-]+(?:significant(?:\s+(?:digits?|figures?))?|sig(?:\.|nificant)?\s*figs?|s\.?f\.?(?!\w)|digits?(?!\s+(?:after|behind)))",
    re.IGNORECASE,
)
_DECIMAL = re.compile(r"(?<![\d.])\d+\.(\d+)(?![\d.])")
_MOST_DIGITS = 60
_DEFAULT_SIGNIFICANT = 6


@dataclass(frozen=True, slots=True)
class Precision:
    """How many digits a decimal gets: ``count`` decimal places, or significant digits; ``is_asked`` tells that the document says so."""

    count: int
    is_places: bool
    is_asked: bool = False


def precision_of(around: str, text: str) -> Precision:
    """Return the precision that the words around a formula ask for, else that of the document's words, else of its decimals."""
    asked, general = _asked(around), _asked(text)
    if asked is not None:
        return asked
    if general is not None:
        return replace(general, is_asked=False)
    places = [len(match.group(1)) for match in _DECIMAL.finditer(text)]
    return Precision(min(max(places), 12), True) if places and max(places) > 2 else Precision(_DEFAULT_SIGNIFICANT, False)


def _asked(words: str) -> Precision | None:
    """Return the last wish of a text."""
    found = [(match.start(), match, True) for match in _PLACES.finditer(words)]
    found += [(match.start(), match, False) for match in _SIGNIFICANT.finditer(words)]
    if not found:
        return None
    _, match, is_places = max(found, key=lambda entry: entry[0])
    count = match.group(1).lower()
    return Precision(min(_NUMBER_WORDS.get(count) or int(count), _MOST_DIGITS), is_places, True)


def decimal_text(value: arb | fmpq, precision: Precision) -> str | None:
    """Return a value rounded to the precision, or None where its enclosure does not tell the last digit."""
    bounds = _bounds(value)
    places = _places(bounds[-1], precision)
    rounded = {_rounded(bound, places) for bound in bounds}
    return rounded.pop() if len(rounded) == 1 else None


def _bounds(value: arb | fmpq) -> tuple[Decimal, ...]:
    with localcontext() as context:
        context.prec = 4 * _MOST_DIGITS
        if isinstance(value, fmpq):
            return (Decimal(int(value.p)) / Decimal(int(value.q)),)
        found = []
        for bound in (value.lower(), value.upper()):
            mantissa, exponent = bound.man_exp()
            power = Decimal(2) ** int(exponent)
            found.append(Decimal(int(mantissa)) * power)
        return tuple(found)


def _places(value: Decimal, precision: Precision) -> int:
    """Return how many decimals are written; more than were asked for where all of those would be zeros."""
    magnitude = value.adjusted() if value else 0
    if not precision.is_places:
        return max(precision.count - 1 - magnitude, 0)
    return precision.count if not value or magnitude >= -precision.count else 2 - magnitude


def _rounded(value: Decimal, places: int) -> str:
    with localcontext() as context:
        context.prec = 4 * _MOST_DIGITS
        text = format(value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN), "f")
    return text.removeprefix("-") if not float(text) else text


def exact_text(value: fmpq, *, as_decimal: bool) -> str:
    """Return a rational as an integer, a short decimal where the document writes decimals, or a fraction."""
    if value.q == 1:
        return str(int(value.p))
    fraction = Fraction(int(value.p), int(value.q))
    if as_decimal and (text := _terminating(fraction)) is not None:
        return text
    sign = "-" if fraction < 0 else ""
    return f"{sign}\\frac{{{abs(fraction.numerator)}}}{{{fraction.denominator}}}"


def _terminating(value: Fraction) -> str | None:
    """Return a rational as a decimal where it has at most six decimals."""
    scaled = value * 10**6
    return format((Decimal(int(scaled)) / Decimal(10**6)).normalize(), "f") if scaled.denominator == 1 else None
