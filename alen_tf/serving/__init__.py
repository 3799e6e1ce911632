"""Trained models in use: workdirs, SavedModels, tables and image files."""
