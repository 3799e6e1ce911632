"""Serves a SavedModel that `python -m alen_tf.export` wrote: python examples/grpc_server.py FOLDER.

Needs TensorFlow and grpcio, which comes with it, but not alen_tf. A request is rows of features as
float32 numbers, one row after the other; the reply is their labels, uint8, likewise. `Client` is
the other side.
"""

import argparse
from concurrent import futures

import grpc
import numpy as np

SERVICE, METHOD = "alen_tf.Model", "Labels"
# Of gRPC's 4 MB, which 570 rows of Bibtex's words would fill.
OPTIONS = [("grpc.max_receive_message_length", 2**28), ("grpc.max_send_message_length", 2**28)]


def served(folder, port=0, threads=4):
    """A running server of a SavedModel, and its port.

    Args:
      folder: of the SavedModel, of rows of features.
      port: to listen at on this machine alone; any free one by default.
      threads: requests that are answered at a time.
    """
    import tensorflow as tf  # here, because clients do not need it

    loaded = tf.saved_model.load(folder)
    predict = loaded.signatures["serving_default"]
    (features,) = predict.structured_input_signature[1]["x"].shape[1:]
    predict(x=tf.zeros((1, features)))  # the first call is slow

    def labels(request, context):
        if len(request) % (4 * features):
            text = f"{len(request)} bytes are no rows of {features} float32 numbers"
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, text)
        x = np.frombuffer(request, np.float32).reshape(-1, features)
        if not np.isfinite(x).all():
            text = "a value is not finite; fill in missing values"
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, text)
        return predict(x=tf.constant(x))["labels"].numpy().tobytes()

    labels.model = loaded  # it owns the variables that `predict` reads
    server = grpc.server(futures.ThreadPoolExecutor(threads), options=OPTIONS)
    handlers = {METHOD: grpc.unary_unary_rpc_method_handler(labels)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port(f"localhost:{port}")
    server.start()
    return server, port


class Client:
    """Asks a server for labels."""

    def __init__(self, port):
        channel = grpc.insecure_channel(f"localhost:{port}", options=OPTIONS)
        self._call = channel.unary_unary(f"/{SERVICE}/{METHOD}")

    def labels(self, x):
        """Labels in {0, 1}, uint8 [rows, labels], of rows, [rows, features]; raises a
        `grpc.RpcError` for rows that do not fit, or are not finite."""
        reply = self._call(np.asarray(x, np.float32).tobytes(), wait_for_ready=True, timeout=60)
        return np.frombuffer(reply, np.uint8).reshape(len(x), -1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="folder of the SavedModel, such as models/own/1")
    parser.add_argument("--port", type=int, default=8500)
    options = parser.parse_args()
    server, port = served(options.folder, options.port)
    print(f"serving {options.folder} at localhost:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
