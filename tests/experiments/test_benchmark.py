"""The benchmark: what it counts, that its rival runs the same algorithm, and one quick run."""

import itertools
import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.models.alen import ALEN
from alen_tf.models.feed_forward import FeedForward
from alen_tf.networks.fcn import FCN
from alen_tf.networks.mlp import MLP
from alen_tf.training.loop import Batches
from experiments.benchmark import (
    bandwidth,
    floor,
    growth,
    report,
    rivals,
    sections,
    timing,
    variants,
)
from experiments.benchmark.workloads import BIBTEX, HORSES, Shape, Workload
from tests.commands import ROOT
from tests.steps import step


class Built:
    """What `floor.products` reads of a workload, for an inference network alone."""

    def __init__(self, network, shape, batch=4):
        self.model, self.batches = FeedForward(network), Batches(shape.examples(8), batch, seed=0)
        self.model.build((None, *shape.input), (None, *shape.output))
        self.model.compile(inference_optimizer=keras.optimizers.SGD(0.1))


def operations(built):
    return sum(often * floor.flops(found) for found, often in floor.products(built).items())


def test_the_step_with_kerass_updates_is_the_same_step():
    shape = Shape((30,), (5,), 3, 2)
    ours, theirs = (Workload("bibtex/alen", shape, count=60) for _ in range(2))
    before = [variable.numpy() for variable in ours.model.network_state]
    for workload in (ours, variants.keras_updates(theirs)):
        workload.steps(3)()
    for old, found, expected in zip(
        before, ours.model.network_state, theirs.model.network_state, strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=1e-5)
        if found.dtype.is_floating:
            assert np.any(found.numpy() != old)


def test_fit_takes_the_steps_that_it_is_timed_for(monkeypatch):
    made = []

    def small(gin_file, count):
        made.append(Workload(gin_file, Shape((30,), (5,), 3, 2), count=count))
        return made[-1]

    monkeypatch.setattr(sections, "Workload", small)
    monkeypatch.setattr(sections, "_seconds_per_step", lambda functions, repetitions: functions)
    monkeypatch.setattr(timing, "against_first", lambda functions: functions)
    functions = sections.fit(quick=True)
    functions.pop("steps_per_execution")
    for workload, (function, count) in zip(made, functions.values(), strict=True):
        function()
        steps = [optimizer.iterations.numpy() for optimizer in workload.model.optimizers.values()]
        assert steps == [count, count]


def test_what_is_compared_is_told_per_step_and_relative_to_the_first(monkeypatch):
    seconds = {"ours": [0.006, 0.009, 0.012], "theirs": [0.02, 0.018, 0.08]}
    monkeypatch.setattr(timing, "turns", lambda functions, repetitions: seconds)
    found = sections._seconds_per_step({"ours": (None, 3), "theirs": (None, 4)}, 1)
    assert timing.against_first(found) == {
        "ms": {"ours": 3.0, "theirs": 5.0},
        "relative": {"ours": 1.0, "theirs": 2.5},  # of 2.5, 1.5 and 5
        "spread": {"ours": [1.0, 1.0], "theirs": [2.0, 3.75]},
    }


def test_products_of_a_network_are_those_counted_by_hand():
    built = Built(MLP(hidden_units=7), Shape((30,), (5,), 3, 2))
    forward = 30 * 7 + 7 * 5
    # The weights' gradients cost as much as the forward pass; the hidden units' one product more.
    # Nobody asks for the gradient of the input.
    assert operations(built) == 2 * 4 * (2 * forward + 7 * 5)


def test_convolutions_are_counted_as_the_profiler_does():
    built = Built(FCN(filters=(2, 3, 4)), HORSES)
    graph = tf.function(built.model.inference_network.call).get_concrete_function(
        tf.TensorSpec((4, 32, 32, 3))
    )
    v1 = tf.compat.v1
    options = v1.profiler.ProfileOptionBuilder(v1.profiler.ProfileOptionBuilder.float_operation())
    options = options.with_empty_output().with_accounted_types(["Conv2D"]).build()
    counted = v1.profiler.profile(graph.graph, options=options).total_float_ops
    found = floor.products(built)
    ours = sum(floor.flops(each) * often for each, often in found.items() if each.kind == "Conv2D")
    # The step has the three convolutions of the forward pass, and Conv2D again as the gradient of
    # the two transposed ones.
    kernels = [4 * 8 * 8 * 4 * 4 * 2 * 4, 4 * 16 * 16 * 4 * 4 * 1 * 2]
    assert ours == counted + 2 * sum(kernels)


def test_products_are_computed_alone_as_often_as_they_are_needed():
    built = Built(FCN(filters=(2, 3, 4)), HORSES)
    found = floor.products(built)
    made = floor.alone(found, times=2)()
    shapes = [product.output for product, often in found.items() for _ in range(often)]
    assert [tuple(each.shape) for each in made] == shapes


def test_bytes_of_a_network_are_those_counted_by_hand():
    built = Built(MLP(hidden_units=7), Shape((30,), (5,), 3, 2))
    found = floor.products(built)
    # Forward, the gradients of both kernels, and the gradient of the hidden units.
    shapes = [(4, 30), (30, 7), (4, 7)] * 2 + [(4, 7), (7, 5), (4, 5)] * 3
    products = sum(np.prod(shape) for shape in shapes)
    weights = 30 * 7 + 7 + 7 * 5 + 5
    assert bandwidth.moved(built, found, floor.SIZES) == 4 * (products + 4 * weights)


def test_an_exponent_is_that_of_a_power_law():
    sizes = np.array([10, 20, 40, 80, 160])
    assert growth.exponent(sizes, 0.3 * sizes**1.5) == pytest.approx(1.5)
    assert growth.exponent(sizes, np.full(5, 7.0)) == pytest.approx(0.0)


def test_every_axis_is_doubled_four_times():
    for sizes in growth.AXES.values():
        assert [after / before for before, after in itertools.pairwise(sizes)] == [2.0] * 4


def test_what_is_missing_is_told(monkeypatch):
    for name in ("torch_rival", "jax_rival", "torch"):
        place = name if name == "torch" else f"experiments.benchmark.{name}"
        monkeypatch.setitem(sys.modules, place, None)
    monkeypatch.setattr(timing, "turns", lambda named, times: {name: [0.1] for name in named})
    size = rivals.SIZES["Bibtex"]._replace(shape=Shape((30,), (5,), 3, 2), examples=60)
    found = rivals.measure(size, quick=True)
    assert list(found["ms"]) == ["ours", "ours, compiled by XLA", "Keras fit"]
    assert len(found["not measured"]) == 4
    table = report.rival({"rival": {"Bibtex": found}})
    assert table.count("not measured | pip install -e '.[benchmark]' brings it") == 4


def test_times_are_medians_of_turns(monkeypatch):
    turns, clock = [], iter(np.cumsum([0, 1, 0, 10, 0, 3, 0, 30, 0, 2, 0, 20]))
    monkeypatch.setattr(timing.time, "process_time", lambda: next(clock))
    functions = {name: lambda name=name: turns.append(name) for name in "ab"}
    assert timing.interleaved(functions, 3) == {"a": 2, "b": 20}
    assert turns == ["a", "b"] * 4


def test_all_methods_are_configured():
    for methods in sections.TRAINED.values():
        for gin_file, _, _ in methods.values():
            assert (ROOT / "gin" / f"{gin_file}.gin").is_file()


def test_the_rival_computes_our_losses():
    torch = pytest.importorskip("torch")
    from experiments.benchmark import torch_rival

    workload = Workload("bibtex/alen", params=("MLP.dropout = 0.0",), count=20)
    assert isinstance(workload.model, ALEN)
    assert workload.model.beta_v == torch_rival.BETA_V
    assert workload.model.lambda_g == torch_rival.LAMBDA_G
    assert workload.model.refinement.steps == torch_rival.STEPS
    rival = torch_rival.Rival(*BIBTEX.input, *BIBTEX.output, dropout=0.0)
    weights = [
        variable.numpy().T
        for network in workload.model.networks
        for variable in getattr(workload.model, network).trainable_variables
    ]
    parameters = [
        *(rival.hidden.weight, rival.hidden.bias, rival.local.weight, rival.local.bias),
        *(rival.w1.weight, rival.w2.weight),
        *rival.inference_network.parameters(),
    ]
    with torch.no_grad():
        for parameter, weight in zip(parameters, weights, strict=True):
            parameter.copy_(torch.from_numpy(weight))
    x, y = workload.examples.x, workload.examples.y.astype(np.float32)
    standardised = torch.from_numpy(workload.model.prepare(x).numpy())
    energy_loss, inference_loss = rival(standardised, torch.from_numpy(y))
    scalars = step(workload.model, x, y)
    assert energy_loss.item() == pytest.approx(float(scalars["energy_loss"]), rel=1e-4)
    assert inference_loss.item() == pytest.approx(float(scalars["inference_loss"]), rel=1e-4)


def test_the_rival_in_jax_computes_our_losses():
    jnp = pytest.importorskip("jax.numpy")
    from experiments.benchmark import jax_rival

    workload = Workload("bibtex/alen", params=("MLP.dropout = 0.0",), count=20)
    weights = {
        name: [jnp.asarray(each.numpy()) for each in getattr(workload.model, network).variables]
        for name, network in (("energy", "energy"), ("g", "inference_network"))
    }
    kept = {name: [w for w in found if w.dtype == jnp.float32] for name, found in weights.items()}
    names = {
        "energy": ("hidden", "hidden_bias", "local", "local_bias", "w1", "w2"),
        "g": ("hidden", "hidden_bias", "out", "out_bias"),
    }
    made = {k: dict(zip(names[k], kept[k], strict=True)) for k in names}
    x, y = workload.examples.x, workload.examples.y.astype(np.float32)
    standardised = jnp.asarray(workload.model.prepare(x).numpy())
    _, losses = jax_rival.losses(made, standardised, jnp.asarray(y), None, dropout=0.0)
    scalars = step(workload.model, x, y)
    for found, name in zip(losses, ("energy_loss", "inference_loss"), strict=True):
        assert float(found) == pytest.approx(float(scalars[name]), rel=1e-4)


def benchmark(*options):
    command = [sys.executable, "-m", "experiments.benchmark", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)


@pytest.mark.slow
def test_quick_run_ends_with_a_json_object():
    done = benchmark("--quick")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert set(sections.DEFAULT) < set(result)
    assert result["change"]["relative"]["eager Keras"] > 2.0
    assert len(result["fit"]["ms"]) == 5
    assert result["training"]["Bibtex"]["alen"]["steps_per_second"] > 0
    assert result["products"]["Bibtex"]["megaflop_per_step"] == pytest.approx(53, abs=5)
    assert {"processor", "cores"} == set(result["machine"])
