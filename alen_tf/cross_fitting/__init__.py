"""Energies for any kind of classifier, which learn from its predictions for rows that it has not
seen."""
