"""Bones, the core and what lies outside it."""

import numpy as np

from gluteal_grade_lab.training import tissues
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.bones import draw_cortex, settle_bones, with_shafts
from gluteal_grade_lab.training.prepare.finish import finish
from gluteal_grade_lab.training.prepare.labelled import Labelled
from gluteal_grade_lab.training.prepare.skin import outside_distance, resize, slice_hulls
from tests.lab.training.prepare.toy_labels import SHAPE, ellipsoid, toy


def test_distance_outside_is_in_mm_and_capped():
    core = np.zeros((120, 20, 12), dtype=bool)
    core[:10] = True
    outside = outside_distance(core)
    assert not outside[:10].any()
    assert outside[10, 10, 6] == 2  # 1.5 mm
    assert outside[29, 10, 6] == 30
    assert outside[-1, 10, 6] == 120
    assert (outside == outside[:, :1, :1]).all()  # nothing ends at the top or bottom of the grid


def test_a_hull_closes_notches_slice_by_slice():
    mask = np.zeros((20, 20, 9), dtype=bool)
    mask[2:6, 2:18] = mask[14:18, 2:18] = True
    hull = slice_hulls(mask, slab=0)
    assert hull[2:18, 2:18].all()
    assert hull.sum() == 16 * 16 * 9


def test_resize_pads_and_cuts():
    array = np.arange(24).reshape(4, 3, 2)
    out = resize(array, ((2, -1), (-1, 0)))
    assert out.shape == (5, 2, 2)
    np.testing.assert_array_equal(out[2:], array[:3, 1:])
    assert not out[:2].any()


def test_cortex_is_a_shell_and_thick_on_the_shaft():
    labels = np.zeros((40, 40, 120), dtype=np.uint8)
    tube = np.hypot(*(np.meshgrid(np.arange(40) - 20, np.arange(40) - 20, indexing="ij"))) <= 10
    labels[tube] = names.FEMUR[1]
    tissue = names.tissue_table()[labels]
    draw_cortex(tissue, labels, np.array([[20.0, 20, 110], [0, 0, 110]]))
    assert set(np.unique(tissue)) == {0, tissues.CORTICAL_BONE, tissues.MARROW_FEMUR}
    np.testing.assert_array_equal(tissue > 0, labels > 0)
    thickness = [(tissue[20:, 20, z] == tissues.CORTICAL_BONE).sum() for z in (0, 115)]
    assert thickness == [4, 1]  # 5.5 mm and 1.7 mm; no lid at the ends


def test_the_hole_in_the_thigh_becomes_the_femur():
    shape = (80, 60, 60)
    labels = np.zeros(shape, dtype=np.uint8)
    for side, x in ((0, 20), (1, 60)):
        ring = np.hypot(*(np.meshgrid(np.arange(80) - x, np.arange(60) - 30, indexing="ij")))
        labels[(ring <= 16) & (ring > 8)] = names.VASTI[1][side]
    heads = np.array([[60.0, 30, 90], [20, 30, 90]])
    body = with_shafts(Labelled("x", labels, np.zeros(3, int), np.array(shape), heads, np.array([16.0, 16])))
    for side, x in ((0, 20), (1, 60)):
        shaft = body.labels == names.FEMUR[side]
        assert abs(shaft[:, :, 20].sum() - np.pi * 64) < 25
        assert abs(np.argwhere(shaft)[:, 0].mean() - x) < 0.5
    assert (body.labels[labels > 0] == labels[labels > 0]).all()


def test_the_gap_between_iliacus_and_minimus_is_ilium():
    labels = np.zeros((60, 60, 60), dtype=np.uint8)
    labels[10:20, 10:50, 10:50] = names.MINIMUS[0]
    labels[26:36, 10:50, 10:50] = names.ILIOPSOAS[0]
    own = labels.copy()
    labels[22:25, 12:48, 12:48] = names.HIP_BONE[0]  # a graft that is too thin
    out = settle_bones(labels, own)
    assert (out[20:26, 16:44, 16:44] == names.HIP_BONE[0]).all()
    np.testing.assert_array_equal(out[own > 0], own[own > 0])


def test_a_finished_body_keeps_its_glutei_and_fills_its_core():
    given = toy()
    body = finish(given, "toy", "made up", (2, 80), seed=1)
    for value, tissue in zip((2, 4, 6, 1, 3, 5), tissues.GLUTEI, strict=True):
        assert (body.tissue == tissue).sum() == (given.labels == value).sum()
    right, left = (np.argwhere(body.tissue == v)[:, 0].mean() for v in (11, 14))
    assert right > left
    assert (body.tissue[body.outside_mm == 0] != tissues.AIR).all()
    assert (body.tissue[body.outside_mm > 0] == tissues.AIR).all()
    for axis in (0, 1):
        inside = np.flatnonzero((body.outside_mm == 0).any(axis=tuple(a for a in range(3) if a != axis)))
        assert inside[0] * 1.5 >= 80
        assert (body.tissue.shape[axis] - 1 - inside[-1]) * 1.5 >= 80
    moved = given.labels.shape, body.tissue.shape
    assert moved[0][2] == moved[1][2] == SHAPE[2]
    place = tuple(np.rint(body.heads[0]).astype(int))
    assert ellipsoid(SHAPE, tuple(given.heads[0]), (2, 2, 2)).any()
    assert body.tissue[place] in (tissues.MARROW_FEMUR, tissues.CORTICAL_BONE)
