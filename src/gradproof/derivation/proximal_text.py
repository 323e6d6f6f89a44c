"""The texts that derivations of proximal operators are put together from."""

from __future__ import annotations


def without_indicators(text: str) -> tuple[str, list[str]]:
    """Take the terms ``indicator(...)`` out of a sum."""
    rest, conditions = text, []
    while (start := rest.find("indicator(")) >= 0:
        depth, end = 0, start + len("indicator")
        while end < len(rest):
            depth += {"(": 1, ")": -1}.get(rest[end], 0)
            end += 1
            if depth == 0:
                break
        conditions.append(rest[start + len("indicator(") : end - 1])
        before, after = rest[:start].rstrip(), rest[end:].lstrip()
        before = before[:-1].rstrip() if before.endswith("+") else before
        after = after[1:].lstrip() if not before and after.startswith("+") else after
        rest = f"{before} {after}".strip()
    return rest, conditions


def as_condition(text: str) -> str:
    """Return a constraint as a formula: one sign of equality is a comparison here."""
    signs = text.replace("<=", "").replace(">=", "").replace("!=", "").replace("==", "")
    return f"({text.replace('=', '==')})" if "=" in signs else f"({text})"


def divided(text: str, divisor: str) -> str:
    """Return a text with a divisor behind it, empty for none."""
    return f"{in_sum(text)}{divisor}" if divisor else text


def times(weight: str) -> str:
    """Return a weight in front of a factor, nothing for one."""
    return "" if weight == "1" else f"{grouped(weight)}*"


def grouped(text: str) -> str:
    """Return a text that may stand as a factor."""
    return text if text.replace("_", "a").replace(".", "0").isalnum() or is_call(text) else f"({text})"


def in_sum(text: str) -> str:
    """Return a text that may stand behind a minus sign."""
    bare, depth = "", 0
    for sign in text:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        bare += sign if depth == 0 else ""
    return f"({text})" if " + " in bare or " - " in bare or text.startswith("-") else text


def escaped(text: str) -> str:
    """Return words as LaTeX shows them."""
    for sign, shown in (("{", r"\{"), ("}", r"\}"), ("_", r"\_"), ("^", r"\textasciicircum{}")):
        text = text.replace(sign, shown)
    return text


def is_call(text: str) -> bool:
    """Tell whether a text is one function with its arguments."""
    head, bracket, _ = text.partition("(")
    if not bracket or not head.isidentifier() or not text.endswith(")"):
        return False
    depth = 0
    for place, sign in enumerate(text):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth == 0 and sign == ")":
            return place == len(text) - 1
    return False
