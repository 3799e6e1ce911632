"""The paper's tables and figures, from recorded runs; each module is a command."""
