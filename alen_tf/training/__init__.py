"""The resumable trainer of the command line: loop, checkpoints, workdir, provenance, summaries."""
