"""How strongly operators bind, loosest first."""

OR, AND, NOT, COMPARISON, SUM, PRODUCT = range(1, 7)
