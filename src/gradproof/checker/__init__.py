"""Claims, deciding methods, verdicts."""
