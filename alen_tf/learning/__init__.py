"""How a model is learned: one method per file."""
