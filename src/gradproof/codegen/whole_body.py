"""The lines of a function for Numba as one compiled function: products of small matrices cost no call of NumPy each.

Every line has to be one that Numba compiles to what NumPy computes: calls of kernels, new arrays, products of vectors and matrices,
products with numbers. A product of a matrix with its own transpose that stands alone stays with NumPy, for which it is half the work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gradproof.codegen.signature import Signature
from gradproof.codegen.sizes import size_text
from gradproof.expr.node import Expr, Symbol

EMPTY = re.compile(r"(?P<name>\w+) = np\.empty\(\((?P<shape>[\w ,+*/()-]*)\), dtype\)")
CALL = re.compile(r"(?:(?P<names>\w+(?:, \w+)*) = )?(?P<kernel>\w+)\((?P<arguments>[\w ,]*)\)")
SCALED = re.compile(r"(?P<name>\w+) = (?P<array>\w+) \* dtype\((?P<number>[\w ./*()+-]*)\)")
PRODUCT = re.compile(r"(?P<name>\w+) = (?P<value>[\w .@()]+?)(?: if (?P<test>[\w *+<=]+) else (?P<other>[\w .@()]+))?")
FACTOR = re.compile(r"(\w+)(?:\.T)?")
_HALF = re.compile(r"(\w+)\.T @ \1|(\w+) @ \2\.T")
_RESULT = re.compile(r"np\.ascontiguousarray\((?P<array>\w+)(?P<turned>\.T)?, dtype=dtype\)|float\((?P<number>\w+)\)")


def whole_body(
    made: Signature, lines: Sequence[str], results: Sequence[str], kernels: Sequence[str]
) -> tuple[list[str], list[str]] | None:
    """Return the lines of the compiled function and its results, None where NumPy has to compute some of it, or it saves no call."""
    ranks = {made.names[symbol.name]: len(symbol.axes) for symbol in made.arguments}
    calls = products = 0
    for line in lines:
        found = _ranks_of(line, ranks, kernels)
        if found is None:
            return None
        ranks.update(found)
        products += " @ " in line
        calls += " @ " in line or not EMPTY.fullmatch(line)
    returned = [_returned(result, ranks, made.parameters) for result in results]
    if products == 0 or calls < 2 or None in returned:
        return None
    return list(lines), [code for code in returned if code is not None]


def unfitting(made: Signature) -> list[str] | None:
    """Return what tells that the shapes of the arguments do not fit each other, None where sizes are not known one by one."""
    known = {symbol.name: made.names[symbol.name] for symbol in made.arguments if "size" in symbol.properties}
    compared: list[tuple[str, Expr]] = []
    for symbol in made.arguments:
        for place, axis in enumerate(symbol.axes):
            own = f"{made.names[symbol.name]}.shape[{place}]"
            if isinstance(axis.size, Symbol) and axis.size.name not in known:
                known[axis.size.name] = own
            else:
                compared.append((own, axis.size))
    tests = [(own, size_text(size, known)) for own, size in compared]
    return None if any(text is None for _, text in tests) else [f"{own} != {text}" for own, text in tests]


def _ranks_of(line: str, ranks: Mapping[str, int], kernels: Sequence[str]) -> dict[str, int] | None:
    """Return the numbers of axes of what a line makes, None where it is no line for Numba."""
    if found := EMPTY.fullmatch(line):
        return {found["name"]: len([length for length in found["shape"].split(", ") if length.strip(",")])}
    if (found := CALL.fullmatch(line)) and found["kernel"] in kernels:
        return dict.fromkeys(found["names"].split(", "), 0) if found["names"] else {}
    if (found := SCALED.fullmatch(line)) and found["array"] in ranks:
        return {found["name"]: ranks[found["array"]]}
    if (found := PRODUCT.fullmatch(line)) and not _HALF.fullmatch(found["value"]):
        values = [value for value in (found["value"], found["other"]) if value is not None]
        made = {_rank_of(value, ranks) for value in values}
        if len(made) == 1 and None not in made:
            return {found["name"]: next(rank for rank in made if rank is not None)}
    return None


def _rank_of(product: str, ranks: Mapping[str, int]) -> int | None:
    """Return the number of axes of a product of vectors and matrices, None where it is another one."""
    factors = [FACTOR.fullmatch(part) for part in product.replace("(", "").replace(")", "").split(" @ ")]
    own = [ranks.get(factor[1]) if factor else None for factor in factors]
    if len(own) < 2 or any(rank not in (1, 2) for rank in own):
        return None
    is_row, is_column = own[0] == 1, own[-1] == 1
    return 2 - is_row - is_column if all(rank == 2 for rank in own[1:-1]) else None


def _returned(result: str, ranks: Mapping[str, int], arguments: Sequence[str]) -> str | None:
    """Return a result as the compiled function returns it: a new row-major array, or a number."""
    if ranks.get(result) == 0:
        return result
    found = _RESULT.fullmatch(result)
    if found is None:
        return None
    if found["number"] is not None:
        return result if ranks.get(found["number"]) == 0 else None
    name = found["array"]
    if name in arguments or not ranks.get(name):
        return None
    return f"np.ascontiguousarray({name}.T)" if found["turned"] else name
