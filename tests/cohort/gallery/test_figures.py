"""Places of the panels of grades: whatever the counts, their numbers and the axis title lie beside the panels and within the figure."""

from __future__ import annotations

import pytest

from gluteal_grade.cohort.gallery import figures
from gluteal_grade.drawing import blank_figure


@pytest.mark.long
@pytest.mark.parametrize("panels", [1, 3, 5])
@pytest.mark.parametrize("most", [0, 9, 99, 950, 12_345, 98_765])
def test_counts_and_the_axis_title_have_room(panels: int, most: int) -> None:
    canvas = blank_figure(11.0, 3.2, dpi=100, layout=None)
    axes = list(canvas.subplots(1, panels, squeeze=False)[0])
    for axis in axes:
        axis.bar([0, 1], [most, most // 2])
        axis.margins(y=0.12)
        axis.yaxis.get_major_locator().set_params(integer=True)
        axis.set_ylim(0, max(1.2, axis.get_ylim()[1]))
        axis.set_xlabel("grade")
    axes[0].set_ylabel("muscles")
    figures._place(canvas, panels, most)
    canvas.canvas.draw()
    assert axes[0].yaxis.label.get_window_extent().x0 >= 0
    edge = 0.0
    for axis in axes:
        box = axis.get_tightbbox()
        assert box.x0 >= edge
        assert 0 <= box.y0 < box.y1 <= 320
        edge = axis.get_window_extent().x1
    assert edge <= 1100
