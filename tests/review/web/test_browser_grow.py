"""Growing a muscle along its border in Chromium, by keyboard and by mouse; windows at a key."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.review.web.browsing import checked_by_axe, keys, opened, shown
from tests.review.web.graded import server, sound_studies
from tests.review.web.test_browser_correct import correct, drag, painted, wait_for

GROWN = """async ({ labels, grey, about, at, reach, alike, value, over }) => {
    const { grow } = await import("/static/grow.js");
    const found = Uint8Array.from(labels);
    const changed = grow(found, Uint8Array.from(grey), about, { at, reach, alike, value, over });
    return [changed, [...found]];
}"""


def grown(page: Any, labels: np.ndarray, grey: np.ndarray, at: tuple[int, int], **rule: Any) -> np.ndarray | None:
    """The labels of value 1 grown from the middle of a pixel (row, column); None where nothing changed."""
    about = {"rows": labels.shape[0], "columns": labels.shape[1], "pixel_mm": [1.0, 2.0]}
    usual = {"reach": 100, "alike": 10, "value": 1, "over": False}
    place = {"row": at[0] + 0.5, "column": at[1] + 0.5}
    told = {"labels": labels.ravel().tolist(), "grey": grey.ravel().tolist(), "about": about, "at": place}
    changed, found = page.evaluate(GROWN, told | usual | rule)
    return np.array(found).reshape(labels.shape) if changed else None


@pytest.fixture
def page(chromium: Any, graded: Path, tmp_path: Path) -> Any:
    out = Path(shutil.copytree(graded, tmp_path / "out"))
    study = sound_studies(out)[0]
    with server(out, "--data", graded.parent / "in") as one, opened(chromium, one.address) as found:
        found.goto(f"{one.address}/studies/{study}")
        shown(found)
        found.study = study
        yield found


@pytest.mark.long
def test_what_hangs_together_within_reach_up_to_other_muscles(page: Any) -> None:
    grey = np.full((9, 12), 100)
    grey[:, 8] = 150  # a border
    grey[4, 3] = 160  # noise within the muscle
    labels = np.zeros((9, 12), int)
    labels[:2] = 2
    found = grown(page, labels, grey, (4, 5))
    assert found is not None
    assert (found[2:, :8] == 1).all()  # the noise too, as it is enclosed
    assert (found[:2] == 2).all()
    assert not found[2:, 8:].any()
    near = grown(page, labels, grey, (4, 5), reach=2.0)  # pixels are 1 mm wide and 2 mm high
    assert near is not None
    assert set(zip(*np.nonzero(near == 1), strict=True)) == {(4, 4), (4, 5), (4, 6), (4, 7), (3, 5), (5, 5)}
    everything = grown(page, labels, grey, (4, 5), over=True)
    assert everything is not None
    assert (everything[:, :8] == 1).all()
    assert grown(page, labels, grey, (0, 5)) is None  # in another muscle
    assert grown(page, labels, grey, (4, 40)) is None  # outside
    wide = grown(page, labels, grey, (4, 5), alike=60)
    assert wide is not None
    assert (wide[2:] == 1).all()
    assert grown(page, wide, grey, (4, 5), alike=60) is None  # nothing is left to grow


@pytest.mark.long
def test_by_keyboard_and_by_mouse(page: Any) -> None:
    correct(page)
    keys(page, "2", "e", "Space")
    wait_for(page, "Right medius, eraser 8 mm. 1 slice changed")
    erased = painted(page, page.study)
    assert erased < 0
    keys(page, "g", "Space")
    wait_for(page, "Right medius, grow 32 mm. 1 slice changed")
    assert page.get_attribute("#draw-grow", "aria-pressed") == "true"
    page.wait_for_function("() => localStorage.length == 1")
    back = painted(page, page.study)
    assert back > erased
    keys(page, "Space")
    wait_for(page, "Nothing more here is as bright")
    keys(page, "u")
    page.wait_for_function("() => localStorage.length == 1")
    assert painted(page, page.study) == erased
    drag(page, (0.02, 0.02))  # in air: what is as dark hangs together there
    wait_for(page, "grow 32 mm. 1 slice changed")
    assert painted(page, page.study) > erased
    assert checked_by_axe(page) == []


@pytest.mark.long
def test_windows_at_a_key(page: Any) -> None:
    def window() -> tuple[int, int]:
        words = page.get_attribute("#canvas", "aria-label").split()
        return int(words[words.index("W") + 1]), int(words[words.index("L") + 1])

    def after(name: str) -> tuple[int, int]:
        page.wait_for_function("name => document.getElementById('preset').textContent == name", arg=name)
        return window()

    usual = after("Usual")
    keys(page, "v")
    bright = after("Bright")
    assert bright[0] == pytest.approx(usual[0] / 2, abs=1)
    assert bright[1] < usual[1]
    page.click("#preset")
    assert after("Dark")[1] > usual[1]
    keys(page, "v")
    assert after("Usual") == usual
    keys(page, "v")
    after("Bright")
    keys(page, "r")
    assert after("Usual") == usual
