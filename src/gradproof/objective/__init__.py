"""From a formula to its minimum: split into smooth and proximable parts, a solver chosen and explained."""
