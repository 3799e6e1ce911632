"""The comparison on Mulan's sets, on a small set in Mulan's layout."""

import json
import shlex
import subprocess
import sys

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multioutput import ClassifierChain
from sklearn.preprocessing import StandardScaler

from alen_tf.datasets.mulan import mulan

LABELS = ("calm", "loud")


@pytest.fixture
def emotions(tmp_path, random):
    """A manual directory with an "emotions" of 4 features and 2 labels."""
    folder = tmp_path / "manual" / "mulan" / "emotions"
    folder.mkdir(parents=True)
    names = "".join(f'<label name="{name}"/>' for name in LABELS)
    (folder / "emotions.xml").write_text(f"<labels>{names}</labels>")
    header = "".join(f"@attribute f{i} numeric\n" for i in range(4))
    header += "".join(f"@attribute {name} {{0,1}}\n" for name in LABELS)
    for split in ("train", "test"):
        x = random.randn(60, 4).round(3)
        y = (x[:, :2] + 0.7 * random.randn(60, 2) > 0).astype(int)
        rows = "\n".join(",".join(map(str, [*a, *b])) for a, b in zip(x, y, strict=True))
        (folder / f"emotions-{split}.arff").write_text(f"@relation e\n{header}@data\n{rows}\n")
    return tmp_path / "manual"


def test_what_is_recorded_is_what_scikit_learn_says(copy, emotions):
    record = copy / "experiments" / "results" / "mulan.jsonl"
    record.unlink(missing_ok=True)
    options = ["--sets=emotions", "--methods=ClassifierChain", "--seeds=3"]
    command = [sys.executable, "-m", "experiments.mulan", *options, f"--manual_dir={emotions}"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (result,) = map(json.loads, record.read_text().splitlines())
    assert shlex.split(result["command"]) == ["python", "-m", "experiments.mulan", *options]

    splits = mulan("emotions", str(emotions), validation_fraction=0.2, fold=3)
    scaler = StandardScaler().fit(splits.train.x)
    model = ClassifierChain(
        LogisticRegression(max_iter=1000, **result["parameters"]), order="random", random_state=3
    ).fit(scaler.transform(splits.train.x), splits.train.y)
    y = model.predict_proba(scaler.transform(splits.test.x))
    threshold = result["validation"]["tuned"]["threshold"]
    for score, at in ((result["test"], 0.5), (result["test"]["tuned"], threshold)):
        expected = f1_score(splits.test.y, y >= at, average="samples", zero_division=1)
        assert score["refined"] == pytest.approx(expected)
    assert f"{100 * result['test']['refined']:.1f} / " in done.stdout

    again = subprocess.run([*command, "--norun"], cwd=copy, capture_output=True, text=True)
    assert again.stdout.splitlines()[-1] == done.stdout.splitlines()[-1]
    assert len(record.read_text().splitlines()) == 1
