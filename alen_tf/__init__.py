"""Structured prediction with adversarial localized energy networks (Pan et al., AAAI 2020)."""

__version__ = "0.1.0"
