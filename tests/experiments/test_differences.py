"""What is put back to the paper's in Bibtex's configuration."""

import gin
import pytest

import alen_tf.training.trainer  # noqa: F401, registers what the gin file names
from alen_tf.training import config
from experiments import differences


@pytest.mark.parametrize("name", differences.CHANGES)
def test_bindings_are_known_to_gin_and_change_something(name):
    params = differences.CHANGES[name]
    config.parse([differences.GIN_FILE])
    before = gin.config_str()
    config.parse([differences.GIN_FILE], params)
    assert (gin.config_str() == before) == (not params)


def test_the_paper_to_the_letter_has_none_of_our_options():
    config.parse(["gin/bibtex/paper.gin"])
    bound = gin.config_str()
    for option in ("l2", "input_gain", "dropout", "output_bias", "cosine", "sgd", "TrainingStarts"):
        assert option not in bound
    assert gin.query_parameter("ALEN.alternating") is True
