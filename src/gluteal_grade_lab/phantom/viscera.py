"""What the pelvis holds besides bones and muscles: bladder, bowel, organs, vessels, the sciatic nerve."""

from __future__ import annotations

import numpy as np

from gluteal_grade.vocabulary import Side
from gluteal_grade_lab.phantom.shapes import Blob, Column, Shape, Tube
from gluteal_grade_lab.phantom.structures import Structure

S = Structure


def _colon(right: bool) -> tuple[Shape, ...]:
    """Caecum and ascending colon on the right, descending colon and sigmoid on the left."""
    if right:
        return (Tube(((88, 40, 62, 17), (84, 44, 88, 21), (92, 34, 120, 22), (94, 30, 190, 22))),)
    return (
        Tube(((88, 42, 70, 10), (92, 36, 110, 13), (98, 30, 190, 13))),
        Tube(((84, 44, 62, 11), (52, 30, 48, 12), (22, 0, 52, 12), (4, -36, 50, 13))),
    )


def _small_bowel(right: bool) -> Shape:
    """Loops in the greater pelvis: one long tube that winds about."""
    phase = 0.4 if right else 1.7
    i = np.arange(15.0)
    lat = 34 + 20 * np.cos(1.9 * i + phase)
    ant = 26 + 30 * np.sin(1.25 * i + phase)
    sup = 40 + 7.4 * i + 14 * np.sin(2.3 * i + 2 * phase)
    radius = 13.5 + 2 * np.sin(1.1 * i)
    return Tube(tuple(zip(lat.tolist(), ant.tolist(), sup.tolist(), radius.tolist(), strict=True)), segments=30)


def _pelvic_loops(right: bool) -> Shape:
    """Ileum and sigmoid beside the rectum."""
    phase = 0.0 if right else 2.1
    i = np.arange(9.0)
    lat = 30 + 13 * np.cos(1.7 * i + phase)
    ant = -20 + 22 * np.sin(1.1 * i + phase)
    sup = 6.0 * i
    return Tube(tuple(zip(lat.tolist(), ant.tolist(), sup.tolist(), (11 + np.sin(i)).tolist(), strict=True)), segments=20)


def viscera(side: Side, *, female: bool) -> tuple[tuple[Structure, Shape], ...]:
    """Contents of one half; bowel loops differ between the sides."""
    right = side is Side.RIGHT
    organ: Shape = Blob((0, -8, 36), (32, 24, 30)) if female else Blob((0, 14, -32), (26, 20, 19))
    return (
        (S.BLADDER, Blob((0, 34, 6), (47, 32, 28 if female else 34))),
        (S.UTERUS_OR_PROSTATE, organ),
        (S.RECTUM, Tube(((0, -44, -70, 10), (0, -58, -44, 14), (0, -72, -8, 21), (2, -72, 26, 17), (4, -50, 50, 14)))),
        *((S.BOWEL, part) for part in _colon(right)),
        (S.BOWEL, _small_bowel(right)),
        (S.BOWEL, _pelvic_loops(right)),
        (S.VESSEL, Tube(((30, -8, 120, 5.5), (52, 14, 70, 5), (66, 36, 28, 5), (80, 60, -10, 5), (78, 60, -60, 4.5), (66, 40, -150, 4)))),
        (S.VESSEL, Tube(((24, -20, 120, 6), (46, 2, 70, 6), (56, 28, 28, 6), (68, 58, -10, 6), (68, 56, -60, 5.5), (58, 34, -150, 5)))),
        (S.NERVE, Tube(((64, -76, 16, 3.5), (78, -66, -20, 4), (86, -58, -60, 4), (88, -44, -120, 4)), squash=0.9)),
        (S.RECTUM, Column(((-58, 0, -30, 2, 3, 0), (-50, 0, -30, 30, 12, 0), (-40, 0, -20, 34, 4, 0), (-36, 0, -20, 1, 1, 0)))),
    )
