"""The example's server and client, over the loopback interface."""

import grpc
import numpy as np
import pytest

from alen_tf.evaluation.signature import Signature
from alen_tf.evaluation.trained_model import TrainedModel
from alen_tf.models.alen import ALEN
from alen_tf.networks.mlp import MLP, MLPEnergy
from alen_tf.serving import saved_model
from examples.grpc_server import Client, served


@pytest.fixture(scope="module")
def model():
    made = ALEN(MLPEnergy(hidden_units=4, global_units=2), MLP(hidden_units=4), seed=0)
    made.build((None, 5), (None, 3))
    return TrainedModel(made, Signature((5,), (3,), tuple("abc")))


@pytest.fixture(scope="module")
def client(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "1"
    saved_model.save(model, folder)
    server, port = served(str(folder))
    yield Client(port)
    server.stop(grace=None).wait()


def test_it_returns_what_the_model_predicts(model, client, random):
    x = random.randn(40, 5).astype(np.float32)
    found = client.labels(x)
    np.testing.assert_array_equal(found, model(x).labels)
    assert 0 < found.sum() < found.size
    np.testing.assert_array_equal(client.labels(x[:1]), found[:1])


@pytest.mark.parametrize(
    ("x", "said"),
    [(np.full((2, 5), np.nan), "not finite"), (np.zeros((1, 4)), "16 bytes are no rows of 5")],
)
def test_rows_that_it_cannot_take_are_an_error_of_the_client(client, x, said):
    with pytest.raises(grpc.RpcError) as raised:
        client.labels(x)
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert said in raised.value.details()
