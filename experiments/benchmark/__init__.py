"""How fast training and prediction are, as ratios inside one run."""
