"""All named rules at a glance: functions, sums, products of atoms, operators."""

from __future__ import annotations

from gradproof.rewrite import functions, laws, operators, sum_laws
from gradproof.rewrite.rule import Rule

RULES: tuple[Rule, ...] = (
    *functions.RULES.values(),
    *laws.FUNCTION_LAWS.values(),
    *laws.BRACKET_LAWS,
    *sum_laws.VALUES,
    *sum_laws.CONTRACTIONS,
    *operators.RULES.values(),
)
