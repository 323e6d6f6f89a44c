"""Values of an expression: exact rationals, rigorous balls, float64 arrays."""
