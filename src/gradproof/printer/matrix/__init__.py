"""Pointful expressions in matrix notation, where it fits: products, transposes, diagonals, traces, norms."""
