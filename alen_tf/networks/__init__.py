"""Keras models: energies v(x, y), inference networks g(x), and the standardisation in front of
them."""
