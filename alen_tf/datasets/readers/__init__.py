"""Readers of users' files: tables, ARFF, images."""
