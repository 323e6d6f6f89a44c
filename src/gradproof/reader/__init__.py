"""Documents to blocks, formulas to presentation trees."""
