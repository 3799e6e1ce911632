"""HOW an energy is learned, one method per file, each a `keras.Model`."""
