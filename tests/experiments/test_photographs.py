"""Masks at the size of photographs."""

import numpy as np
import pytest
from PIL import Image

from experiments import photographs


def test_iou_is_of_pixels_at_full_size_and_a_mean_of_photographs(tmp_path):
    sizes = {"1": (4, 6), "2": (3, 5)}
    for folder in ("found", "true"):
        (tmp_path / folder).mkdir()
    for name, size in sizes.items():
        truth, found = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
        truth[:2], found[1:3] = 255, 255
        Image.fromarray(truth).save(tmp_path / "true" / f"{name}.png")
        Image.fromarray(found).save(tmp_path / "found" / f"{name}.png")
    assert photographs.iou(tmp_path / "found", tmp_path / "true") == pytest.approx(1 / 3)
    Image.fromarray(np.zeros(sizes["2"], np.uint8)).save(tmp_path / "found" / "2.png")
    assert photographs.iou(tmp_path / "found", tmp_path / "true") == pytest.approx(1 / 6)
    assert photographs.iou(tmp_path / "found", tmp_path / "true", {"2"}) == pytest.approx(1 / 3)
