"""Named rules, canonical form and rewrite traces."""
