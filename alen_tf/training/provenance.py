"""What made a run: digests of code and data, which show whether they have changed."""

import difflib
import hashlib
import pathlib
import platform
from importlib import metadata

import numpy as np
from scipy import sparse

import alen_tf
from alen_tf.datasets.shards import Sharded

PARTS = ("data", "versions", "code")
PACKAGES = ("tensorflow", "keras", "numpy")
# The modules that decide what weights a run ends with, given its data.
CODE = (
    "datasets/augmentation.py",
    "datasets/shards.py",
    "evaluation/scores.py",
    "inference/*.py",
    "models/*.py",
    "networks/*.py",
    "objectives/*.py",
    "sparse_rows.py",
    "tasks/*.py",
    "training/averaging.py",
    "training/distribution.py",
    "training/loop.py",
    "training/run.py",
    "training/streamed.py",
    "training/trainer.py",
)


def of(splits, code=CODE, packages=PACKAGES):
    """The provenance of a run on these `Splits`, as an object for JSON.

    Args:
      splits: the `Splits`.
      code: patterns of this package's modules that decide the run's result.
      packages: names of packages whose versions affect the result.
    """
    package = pathlib.Path(alen_tf.__file__).parent
    paths = sorted(path for pattern in code for path in package.glob(pattern))
    return {
        "versions": {"python": platform.python_version(), "alen_tf": alen_tf.__version__}
        | {name: metadata.version(name) for name in packages},
        "code": {path.relative_to(package).as_posix(): digest(path.read_bytes()) for path in paths},
        "data": data(splits),
    }


def data(splits):
    """The data of a run: type, shape and digest of every array of the splits, and of the names."""
    arrays = {
        f"{split}.{part}": digest(repr(array)) if isinstance(array, dict) else _array(array)
        for split in ("train", "validation", "test", "high_res")
        if (examples := getattr(splits, split)) is not None
        for part, array in _parts(examples).items()
        if array is not None
    }
    names = digest(repr((splits.name, splits.label_names, splits.feature_names)))
    return arrays | {"names": names}


def _parts(examples):
    """The arrays of `Examples` by name; of a split in shards the digests of its files."""
    if isinstance(examples, Sharded):
        return {"sha256": examples.sha256}
    return vars(examples)


def digest(content):
    """The first 16 hexadecimal digits of the SHA-256 of text or bytes."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()[:16]


def difference(old, new):
    """The difference between two provenances, in words; empty if there is none.

    A new module changes nothing, unless an existing one now uses it.
    """
    for part in PARTS:
        if changes := changed(old.get(part, {}), new[part]):
            return f"different {part} ({changes})"
    return ""


def changed(before, now):
    """The changes in a part of a provenance, in words; empty if there are none."""
    keys = [key for key in before if before[key] != now.get(key)]
    return _shortened([f"{key} was {before[key]}, is {now.get(key)}" for key in keys])


def changed_lines(old, new):
    """The changed lines of a configuration, on one line; empty if there are none."""
    changes = [
        line[0] + " " + line[1:].strip()
        for line in difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
        if line[0] in "+-" and line[:3] not in ("+++", "---") and line[1:].strip()
    ]
    named = [change for change in changes if not change[2:].startswith("#")]
    return _shortened(named or changes)


def _shortened(changes, shown=4):
    more = f"; and {len(changes) - shown} more" if len(changes) > shown else ""
    return "; ".join(changes[:shown]) + more


def _array(array):
    """Type, shape and digest of an array or a CSR matrix: "uint8[1170, 32] 1f0c..."."""
    if sparse.issparse(array):
        parts = [_array(part) for part in (array.indptr, array.indices, array.data)]
        return f"sparse {array.dtype}{list(array.shape)} {digest(repr(parts))}"
    content = np.ascontiguousarray(array)
    return f"{content.dtype}{list(content.shape)} {digest(content.view(np.uint8).data)}"
