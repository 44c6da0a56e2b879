"""Colours as people see them who lack one kind of cone: Machado, Oliveira & Fernandes 2009, 10.1109/TVCG.2009.113, severity 1."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest

from gluteal_grade.drawing.palette import THEMES
from gluteal_grade.report.panel import FAT_COLOURS, ZONE_COLOUR
from gluteal_grade.vocabulary import COLOURS

SIGHT = {
    "full": np.eye(3),
    "no red": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "no green": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "no blue": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}
_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])


def linear(colours: np.ndarray) -> np.ndarray:
    """sRGB 0-1 without its gamma."""
    return np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)


def cielab(colours: np.ndarray, sight: np.ndarray) -> np.ndarray:
    """L*, a*, b* of (n, 3) sRGB 0-1."""
    xyz = np.clip(linear(colours) @ sight.T, 0, 1) @ _XYZ.T / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def rgb(colour: str) -> np.ndarray:
    return np.array([[int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]])


def contrast(a: str, b: str) -> float:
    """WCAG 2.2."""
    light, dark = sorted((float(_XYZ[1] @ linear(rgb(c))[0]) for c in (a, b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("sight", SIGHT)
def test_contours_are_told_apart(sight):
    colours = sorted({*COLOURS.values(), ZONE_COLOUR})
    assert len(colours) == 6
    seen = {colour: cielab(rgb(colour), SIGHT[sight])[0] for colour in colours}
    for a, b in combinations(colours, 2):
        assert np.linalg.norm(seen[a] - seen[b]) > 22, (a, b)


@pytest.mark.parametrize("sight", SIGHT)
def test_contours_stand_out_from_the_lean_end_of_the_fat_map_and_from_grey(sight):
    lean = np.asarray(mpl.colormaps[FAT_COLOURS](np.linspace(0, 0.5, 51)))[:, :3]
    for colour in COLOURS.values():
        own = cielab(rgb(colour), SIGHT[sight])
        assert np.linalg.norm(cielab(lean, SIGHT[sight]) - own, axis=1).min() > 25, colour
    for colour in set(COLOURS.values()) | {ZONE_COLOUR}:
        assert np.hypot(*cielab(rgb(colour), SIGHT["full"])[0, 1:]) > 35, "no grey"


@pytest.mark.parametrize("sight", SIGHT)
def test_more_fat_is_lighter_for_everyone(sight):
    colours = np.asarray(mpl.colormaps[FAT_COLOURS](np.linspace(0, 1, 101)))[:, :3]
    assert (np.diff(cielab(colours, SIGHT[sight])[:, 0]) > 0).all()
    if sight == "full":  # and no colour of it is a grey, as those of the anatomy behind it
        assert np.hypot(*cielab(colours, SIGHT[sight])[:, 1:].T).min() > 24


@pytest.mark.parametrize("name", THEMES)
def test_text_has_contrast(name):
    theme = THEMES[name]
    pairs = [(theme.ink, theme.paper), (theme.faint, theme.paper), (theme.alert_ink, theme.alert)]
    pairs += [(theme.caution_ink, theme.caution), (theme.calm_ink, theme.calm)]
    for ink, paper in pairs:
        assert contrast(ink, paper) >= 4.5, (ink, paper)
    assert contrast(theme.alert, theme.paper) >= 3, "a badge stands out from the page (WCAG 1.4.11)"
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
