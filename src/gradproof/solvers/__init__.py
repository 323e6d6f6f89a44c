"""Solvers on arrays, each with a certificate of how good its result is."""
