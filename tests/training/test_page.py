"""What a user sees of a run in TensorBoard, in a real browser."""

import re

import matplotlib.pyplot as plt
import pytest

from alen_tf.training.summaries import Summaries
from alen_tf.training.workdir import Workdir
from tests import board, browser

CARDS = "[...document.querySelectorAll('{}')].map(card => card.innerText)"
SCORES = [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875]  # after steps 0 to 6


@pytest.mark.slow
@pytest.mark.skipif(browser.CHROMIUM is None, reason="no browser: apt-get install chromium")
def test_inference_steps_are_one_chart_in_colours_of_their_own(tmp_path):
    written = Summaries(Workdir(tmp_path / "run"), "train.epochs = 4")
    for step in (58, 116):
        written.train({"learning_rate/energy": 0.015625, "energy_loss": 0.5}, step)
        written.score_by_step("example_f1", [step / 116 * score for score in SCORES], step)
    written.pictures({"validation/digits": plt.figure()}, step=58)
    written.close()

    with board.served(tmp_path) as address, browser.opened(tmp_path / "browser") as page:

        def cards(kind, tag, complete):
            page.open(f"{address}/?tagFilter={tag}&smoothing=0#timeseries")
            found = page.find(CARDS.format(kind), lambda cards: cards and complete in cards[0])
            page.screenshot(tmp_path / f"{kind}.png")
            return found

        (chart,) = cards("scalar-card", "example_f1", "step_5")
        rows = re.findall(r"run/eval/(\w+)\s+([\d.]+)\s+116\s", chart)
        names = ["refined", *(f"step_{step}" for step in range(6))]
        assert {name: float(score) for name, score in rows} == dict(
            zip(names, [0.875, *SCORES[:6]], strict=True)
        )
        assert len(rows) == 7  # none of them twice
        colours = page.find(
            "[...document.querySelectorAll('scalar-card tb-data-table-content-row .row-circle "
            "span')].map(circle => circle.style.backgroundColor)",
            lambda found: found and len(found) == 7,
        )
        assert len(set(colours)) == 7

        (rate,) = cards("scalar-card", "learning_rate", "run/train")
        assert "energy" in rate
        assert "0.0156" in rate
        (picture,) = cards("image-card", "validation/digits", "run/eval")
        assert "Step 58" in picture
