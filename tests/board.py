"""TensorBoard as a user starts it."""

import contextlib
import socket
import subprocess
import sys


@contextlib.contextmanager
def served(logdir):
    """The address at which TensorBoard shows a folder, once it has started."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    options = ["--logdir", str(logdir), "--port", str(port), "--load_fast=false"]
    server = subprocess.Popen(
        [sys.executable, "-m", "tensorboard.main", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait()
