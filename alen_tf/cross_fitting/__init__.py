"""Energies for classifiers of any kind: they learn from what a classifier says of rows that it has
not learned from."""
