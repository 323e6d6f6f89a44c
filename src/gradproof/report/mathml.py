"""LaTeX to MathML, with the source as text where the converter does not know it."""

from __future__ import annotations

import re
from html import escape

from math_core import LatexError, LatexToMathML

_CONVERTER = LatexToMathML(fancy_error=False, max_expansions=100)
_LONGEST = 20_000
_MAPPED = (
    (
        re.compile(r"\\begin\{(?:eqnarray|align|alignat|flalign|multline|gather|split)\*?\}(?:\{\d+\})?"),
        r"\\begin{aligned}",
    ),
    (re.compile(r"\\end\{(?:eqnarray|align|alignat|flalign|multline|gather|split)\*?\}"), r"\\end{aligned}"),
    (re.compile(r"\\(?:begin|end)\{(?:equation|displaymath|math)\*?\}"), ""),
    (re.compile(r"\\(?:tag\*?|label)\s*\{[^{}]*\}|\\nonumber|\\notag|\\limits"), ""),
    (re.compile(r"\\(Tr|tr|Var|Cov|argmin|argmax)(?![A-Za-z])"), r"\\operatorname{\1}"),
)


def to_mathml(latex: str, *, display: bool) -> str:
    """Return MathML, or the escaped source in ``<code>`` where the formula cannot be converted."""
    source = latex.strip()
    for pattern, replacement in _MAPPED:
        source = pattern.sub(replacement, source)
    if len(source) > _LONGEST:
        return _as_text(latex)
    try:
        return _CONVERTER.convert_with_local_state(source, displaystyle=display)
    except LatexError:
        return _as_text(latex)


def _as_text(latex: str) -> str:
    return f'<code class="source">{escape(latex.strip()[:_LONGEST])}</code>'
