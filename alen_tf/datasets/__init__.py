"""Where examples come from: one file per benchmark, and readers of file formats."""
