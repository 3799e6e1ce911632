"""The command line: flags and messages."""
