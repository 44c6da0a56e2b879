"""What is drawn of few, some and many values."""

from __future__ import annotations

import numpy as np
import pytest

from gluteal_grade.drawing.palette import BLUE, Mark
from gluteal_grade.drawing.strips import Strip, draw_strips


@pytest.mark.parametrize(
    ("n", "boxes", "points", "violins"), [(0, 0, 0, 0), (9, 0, 9, 0), (10, 1, 10, 0), (150, 1, 150, 0), (151, 1, 0, 1)]
)
def test_points_below_ten_then_a_box_then_a_violin(n: int, boxes: int, points: int, violins: int) -> None:
    from matplotlib.figure import Figure

    axis = Figure().subplots()
    draw_strips(axis, [Strip("$a_b$, right", Mark(BLUE), np.linspace(1, 2, n))], "fat fraction, %", (0.0, 100.0))
    scatters = [c for c in axis.collections if len(c.get_offsets()) > 1 or "Path" in type(c).__name__]
    medians = [line for line in axis.lines if line.get_linewidth() == 2.4]
    fills = [c for c in axis.collections if type(c).__name__ in ("FillBetweenPolyCollection", "PolyCollection")]
    assert (len(medians), sum(len(c.get_offsets()) for c in scatters if c not in fills), len(fills)) == (boxes, points, violins)
    assert [t.get_text() for t in axis.get_yticklabels()] == [f"$a_b$, right  (n = {n})"]
