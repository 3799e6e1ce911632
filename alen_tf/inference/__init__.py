"""How an output is found: output spaces and gradient ascent inside them."""
