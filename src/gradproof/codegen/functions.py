"""What the functions of all modules share: names that are taken, arguments, the line that starts them, what they return."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence

from gradproof.codegen.dialects import DIALECTS, NUMPY
from gradproof.codegen.differentiable import NAMES as DIFFERENTIABLE
from gradproof.codegen.loop_functions import HELPERS as LOOP_FUNCTIONS
from gradproof.codegen.loop_source import OF_PASSES
from gradproof.codegen.row_functions import HELPERS as ROW_FUNCTIONS
from gradproof.codegen.signature import Output, Signature, signature
from gradproof.codegen.window_functions import HELPERS as WINDOW_FUNCTIONS
from gradproof.formula.formula import Formula

#: The function of a module that computes all of its outputs in one pass.
TOGETHER = "outputs"
RESERVED = frozenset(keyword.kwlist) | {
    "value",
    "derivative",
    TOGETHER,
    "float",
    "int",
    "max",
    "min",
    "np",
    "jnp",
    "torch",
    "dtype",
    "device",
}
_OF_LOOPS = (
    "ValueError",
    "math",
    "njit",
    "prange",
    "get_num_threads",
    "result",
    "CACHE",
    "LOOPS",
    "range",
    "abs",
    "real",
    "rows",
    "prepared",
    "each",
    "part",
    *(f"at_{place}" for place in range(1, 9)),
    *OF_PASSES,
)
LOOP_HELPERS = {**LOOP_FUNCTIONS, **ROW_FUNCTIONS, **WINDOW_FUNCTIONS}


def signature_of(formula: Formula, group: Sequence[Output], target: str, names: Sequence[str]) -> Signature:
    """Return the signature of a function that computes some outputs."""
    helpers = (
        (*LOOP_HELPERS, *NUMPY.helpers, *_OF_LOOPS, *(f"_{name}" for name in (*names, TOGETHER)))
        if target == "numba"
        else (*DIALECTS[target].helpers, *DIFFERENTIABLE, "jax", "found")
    )
    return signature(group, formula, (*RESERVED, *names, *helpers), whole=any(output.takes_all for output in group))


def used_lines(sizes: Sequence[str], computed: Sequence[str]) -> list[str]:
    """Return the lines that take sizes which the other lines speak of."""
    words = set(re.findall(r"\w+", "\n".join(computed)))
    return [line for line in sizes if line.split(" = ")[0] in words]


def called_helpers(helpers: Mapping[str, str], text: str) -> list[str]:
    """Return the helpers that some code calls, and those that these call, in their order."""
    found: set[str] = set()
    while True:
        read = "\n".join([text, *(helpers[name] for name in found)])
        more = {name for name in helpers if re.search(rf"(?<!\.)\b{name}\(", read)}
        if more == found:
            return [source for name, source in helpers.items() if name in found]
        found = more


def function_name(group: Sequence[Output]) -> str:
    """Return the name of the function that computes some outputs."""
    return group[0].name if len(group) == 1 else TOGETHER


def head(made: Signature, group: Sequence[Output], target: str, called: str = "") -> str:
    """Return the line that starts the function that computes some outputs, and its docstring."""
    told = group[0].told if len(group) == 1 else f"All in one pass, by name: {', '.join(output.name for output in group)}."
    array = {"jax": "jnp.ndarray", "torch": "torch.Tensor"}.get(target, "np.ndarray")
    if len(group) > 1 or called:
        returned = "dict"
    elif group[0].columns:
        returned = ""
    else:
        returned = array if group[0].formula.axes or target in ("jax", "torch") else "float"
    return f"{made.head(called or function_name(group), array, returned)}\n    {made.docstring(told)}"


def as_returned(group: Sequence[Output], results: Sequence[str]) -> str:
    """Return the code of what a function returns: one result as it is, several by name."""
    return results[0] if len(group) == 1 else by_name(group, results)


def by_name(group: Sequence[Output], results: Sequence[str]) -> str:
    """Return the code of the results by the names of their outputs."""
    listed = ", ".join(f'"{output.name}": {result}' for output, result in zip(group, results, strict=True))
    return f"{{{listed}}}"
