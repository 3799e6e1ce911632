"""Training steps of one algorithm side by side: ours, Keras's fit, PyTorch and JAX."""

from typing import NamedTuple

from experiments.benchmark import timing
from experiments.benchmark.workloads import BIBTEX, Shape, Workload

INSTALL = "pip install -e '.[benchmark]' brings it"
ON_A_GPU = "only on a GPU"


class Size(NamedTuple):
    """What a step is timed on.

    Attributes:
      shape: `Shape` of the data.
      hidden, global_units: widths of the networks.
      count: steps of a call.
      examples: in memory.
      repetitions: calls that are timed.
    """

    shape: Shape
    hidden: int
    global_units: int
    count: int
    examples: int
    repetitions: int

    def workload(self):
        """Our model, on examples."""
        names = ("MLPEnergy.hidden_units", "MLP.hidden_units")
        widths = [f"{name} = {self.hidden}" for name in names]
        widths.append(f"MLPEnergy.global_units = {self.global_units}")
        return Workload("bibtex/alen", self.shape, widths, self.examples)


SIZES = {
    "Bibtex": Size(BIBTEX, 150, 16, 192, 4000, 11),
    # Every width; as many words and labels to a row.
    "10 x Bibtex": Size(
        Shape((18_360,), (1590,), BIBTEX.ones, BIBTEX.labels), 1500, 160, 4, 100, 5
    ),
}


def measure(size, quick=False):
    """Times all candidates at a `Size`, in turns.

    Returns:
      {"ms": {candidate: of a step}, "relative": {candidate: to ours}, "spread": {candidate: the
      quartiles of that, over turns}, "not measured": {candidate: why}}.
    """
    count = 2 if quick else size.count
    candidates, missing = {}, {}

    def ours(**options):
        return size.workload().steps(count, **options)

    fitted = size.workload()
    epochs = max(1, count // fitted.batches.per_epoch)
    steps = {"fit": epochs * fitted.batches.per_epoch}
    candidates["ours"] = ours()
    candidates["ours, compiled by XLA"] = ours(jit_compile=True)
    candidates["Keras fit"] = fitted.fit(epochs, per_call=min(50, fitted.batches.per_epoch))
    data = fitted.examples, fitted.batches.size, count
    widths = {"hidden": size.hidden, "global_units": size.global_units}
    modes = {"PyTorch": None, "torch.compile": "default", "torch.compile, CUDA graphs": None}
    try:
        import torch

        from experiments.benchmark import torch_rival

        modes["torch.compile, CUDA graphs"] = "reduce-overhead"
        for name, mode in modes.items():
            if mode == "reduce-overhead" and not torch.cuda.is_available():
                missing[name] = ON_A_GPU
            elif not (quick and mode):  # compiling takes a minute
                candidates[name] = torch_rival.training(*data, mode=mode, **widths)
    except ImportError:
        missing |= dict.fromkeys(modes, INSTALL)
    try:
        from experiments.benchmark import jax_rival

        candidates["JAX, jit"] = jax_rival.training(*data, **widths)
    except ImportError:
        missing["JAX, jit"] = INSTALL
    turns = timing.turns(candidates, 1 if quick else size.repetitions)
    per_step = {
        name: [each / (steps["fit"] if name == "Keras fit" else count) for each in found]
        for name, found in turns.items()
    }
    return timing.against_first(per_step) | {"not measured": missing}
