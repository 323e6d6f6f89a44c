"""Formulas in plain text (a superset of matrixcalculus.org's grammar) to syntax trees with exact places."""
