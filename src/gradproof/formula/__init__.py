"""Formulas that a user types, in plain text or LaTeX, to typed expressions."""
