import gin

from alen_tf.training import config, summaries


def test_hyper_parameters_are_the_values_of_bindings():
    labels = tuple(f"a label with a long name, {number}" for number in range(5))
    config.parse(["gin/own/multilabel.gin"], [f"files.labels = {labels}"])
    found = summaries.hyper_parameters(gin.config_str())
    assert found["train.epochs"] == 60.0
    assert found["MLPEnergy.l2"] == 0.1
    assert found["energy/adam.cosine"] is True
    assert found["train.task"] == "@MultiLabel()"
    for number in range(5):
        assert f"a label with a long name, {number}" in found["files.labels"]
