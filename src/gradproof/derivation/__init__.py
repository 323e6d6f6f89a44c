"""Derivations: the derivative of a formula, its steps, its notation, its check."""
