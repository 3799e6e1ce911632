"""What TFDS keeps of documents with tags."""

import subprocess
import sys

import numpy as np
from scipy import sparse

from alen_tf.datasets.builders import documents


def test_generate_gives_ascending_indices():
    # Columns in any order, as a sparse file may have them.
    matrix = sparse.csr_matrix((np.ones(5), [4, 0, 2, 3, 1], [0, 3, 3, 5]), shape=(3, 5))
    assert list(documents.generate(matrix, words=3)) == [
        (0, {"words": [0, 2], "tags": [1]}),
        (1, {"words": [], "tags": []}),
        (2, {"words": [1], "tags": [0]}),
    ]


def test_tfds_is_imported_only_where_it_is_used():
    code = (
        "import sys; from alen_tf.training import config; config.parse(['digits/alen.gin']); "
        "import alen_tf.train, alen_tf.predict; from alen_tf import ALENClassifier; "
        "assert 'tensorflow_datasets' not in sys.modules; "
        "config.parse(['bibtex/alen.gin']); assert 'tensorflow_datasets' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
