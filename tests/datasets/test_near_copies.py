import numpy as np
import pytest

from alen_tf.datasets import near_copies as module
from alen_tf.datasets.near_copies import near_copies, warn_across
from alen_tf.datasets.weizmann_horses import LISTS, read_rows, weizmann_horses


def images(random, count, size=(32, 32)):
    return random.randint(0, 256, (count, *size, 3)).astype(np.uint8)


def changed(random, image, by):
    """An image that differs by an RMS of about `by`."""
    noise = random.normal(0, by, image.shape)
    return np.clip(np.clip(image, 20, 235) + noise, 0, 255).round().astype(np.uint8)


def test_pairs_are_those_of_a_plain_search(random, monkeypatch):
    monkeypatch.setattr(module, "ROWS", 3)  # so that there are several parts
    first, second = np.clip(images(random, 9), 20, 235), images(random, 7)
    for row, other, by in ((0, 4, 0), (5, 1, 3), (6, 7, 9), (3, 2, 14)):
        second[row] = changed(random, first[other], by)
    expected = []
    for row, image in enumerate(second.astype(float)):
        rms = [np.sqrt(np.mean((image - other) ** 2)) for other in first]
        if min(rms) <= 10:
            expected.append((int(np.argmin(rms)), row, pytest.approx(min(rms))))
    assert near_copies(first, second) == expected
    assert [pair[:2] for pair in expected] == [(4, 0), (1, 5), (7, 6)]
    assert [pair.second for pair in near_copies(first, second, tolerance=0.5)] == [0]


def test_large_images_are_compared_small(random):
    coarse = images(random, 4, (16, 16))
    first = coarse.repeat(8, axis=1).repeat(8, axis=2)
    noise = random.normal(0, 12, first[2].shape)  # averages out in areas of 4x4
    second = np.clip(first[2:3] + noise, 0, 255).astype(np.uint8)
    assert [pair[:2] for pair in near_copies(first, second)] == [(2, 0)]


def test_faint_images_are_not_all_copies_of_each_other(random):
    first, second = images(random, 5) // 32, images(random, 5) // 32
    second[3] = first[1]
    assert near_copies(first, second) == [(1, 3, 0.0)]


def test_a_warning_names_the_files_across_splits(random, capsys):
    x = {name: images(random, 8) for name in ("train", "validation", "test")}
    names = {name: [f"{name}{row}.png" for row in range(8)] for name in x}
    splits = {name: (x[name], names[name]) for name in x}
    warn_across("folder", splits)
    assert capsys.readouterr().err == ""
    x["train"][1] = x["train"][0]  # within a split: no matter
    x["test"][2] = x["train"][5]
    x["validation"][7] = changed(random, x["train"][3], 3)
    x["train"][3] = np.clip(x["train"][3], 20, 235)
    warn_across("folder", splits)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: folder: near-copies across splits")
    first, second = "train5.png (train) and test2.png (test)", "train3.png (train) and validation7"
    assert line.index(first) < line.index(second)  # the nearest first
    assert "and train1.png" not in line
    x["test"][:] = x["train"]  # eight pairs, and the near-copy in validation is one of both
    warn_across("folder", splits)
    assert ", and 5 more (RMS of at most " in capsys.readouterr().err


@pytest.mark.real_data
def test_horses_have_near_copies_across_splits(real_data):
    splits = weizmann_horses(real_data)
    folder = real_data / "weizmann_horses"
    rows = {split: read_rows(folder / name, 328) for split, name in LISTS.items()}

    def found(one, other):
        pairs = near_copies(getattr(splits, one).x, getattr(splits, other).x)
        assert all(pair.rms < 1.25 for pair in pairs)
        return {(rows[one][pair.first], rows[other][pair.second]) for pair in pairs}

    assert found("train", "test") == {(145, 3), (5, 17), (218, 70)}
    assert found("train", "validation") == {(239, 273)}
    assert found("validation", "test") == set()
