"""Bytes of slices against the volumes they come from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io.nifti import save_volume
from gluteal_grade.report.panel import colour_of
from gluteal_grade.review.slices import FAT_STEPS, NO_FAT, Files, Stack, load_stack
from gluteal_grade.vocabulary import LABEL_VALUES, Side

SHAPE = (40, 24, 12)  # right, anterior, superior
AFFINE = np.diag([3.0, 2.0, 5.0, 1.0])
RIGHT, LEFT = 120, 220


def volumes() -> dict[str, Volume]:
    """Medius on both sides, noise elsewhere."""
    rng = np.random.default_rng(5)
    labels = np.zeros(SHAPE, np.uint8)
    labels[28:36, 4:12, 3:9] = RIGHT
    labels[4:12, 4:12, 3:9] = LEFT
    fat = np.where(labels > 0, rng.random(SHAPE), np.nan).astype(np.float32)
    fat[30, 6, 5] = np.nan
    excluded = np.zeros(SHAPE, np.uint8)
    excluded[30:32, 6:8, 5] = 1
    image = rng.integers(-1024, 3000, SHAPE).astype(np.int16)
    return {name: Volume(array, AFFINE) for name, array in (("image", image), ("labels", labels), ("fat", fat), ("excluded", excluded))}


def stack_of(folder: Path, slice_axis: int = 2, **changed: Volume) -> Stack:
    found = volumes() | changed
    for name, volume in found.items():
        save_volume(volume, folder / f"{name}.nii.gz")
    return load_stack(Files(*(folder / f"{name}.nii.gz" for name in ("image", "labels", "fat", "excluded"))), slice_axis, is_ct=True)


def decoded(stack: Stack, index: int, with_fat: bool = True) -> dict[str, object]:
    """As the page's script reads them."""
    content, about = stack.slice_bytes(index, with_fat=with_fat), stack.describe()
    shape = (about["rows"], about["columns"])
    n = shape[0] * shape[1]
    planes: dict[str, object] = {"grey": np.frombuffer(content, "<u2", n).reshape(shape)}
    at = 2 * n
    for name in ("labels", "fat", "excluded") if with_fat and about["fat"] else ("labels", "excluded"):
        planes[name] = np.frombuffer(content, np.uint8, n, at).reshape(shape)
        at += n
    return planes | json.loads(content[at:])


def test_values_come_back_exactly_from_every_slice_of_every_axis(tmp_path: Path) -> None:
    source = volumes()
    for axis in range(3):
        stack = stack_of(tmp_path, axis)
        assert stack.count == SHAPE[axis]
        for index in range(stack.count):
            found = decoded(stack, index)
            view = stack.view
            assert np.array_equal(found["grey"] * stack.step + stack.lowest, view.picture(source["image"].array, index))
            assert np.array_equal(found["labels"], view.picture(source["labels"].array, index))
            assert np.array_equal(found["excluded"], view.picture(source["excluded"].array, index))
            fat = view.picture(source["fat"].array, index)
            assert np.array_equal(found["fat"] == NO_FAT, np.isnan(fat))
            known = np.isfinite(fat)
            assert np.abs(found["fat"][known] / FAT_STEPS - fat[known]).max(initial=0) <= 0.5 / FAT_STEPS + 1e-6


def test_the_patients_right_is_at_the_left_of_the_picture(tmp_path: Path) -> None:
    stack = stack_of(tmp_path)
    about = stack.describe()
    assert (about["letters"]["left"], about["letters"]["right"], about["letters"]["top"]) == ("R", "L", "A")
    labels = decoded(stack, 5)["labels"]
    columns = {value: np.flatnonzero((labels == value).any(axis=0)).mean() for value in (RIGHT, LEFT)}
    assert LABEL_VALUES[RIGHT].side is Side.RIGHT
    assert columns[RIGHT] < columns[LEFT]


def test_coronal_slices_stand_upright(tmp_path: Path) -> None:
    stack = stack_of(tmp_path, 1)
    about = stack.describe()
    assert (about["plane"], about["letters"]["left"], about["letters"]["top"]) == ("coronal", "R", "S")
    rows = np.flatnonzero(decoded(stack, 6)["labels"].any(axis=1))
    assert (rows.min(), rows.max()) == (SHAPE[2] - 9, SHAPE[2] - 4)


def test_without_fat_none_is_in_the_bytes(tmp_path: Path) -> None:
    stack = stack_of(tmp_path)
    n = SHAPE[0] * SHAPE[1]
    with_fat, without = stack.slice_bytes(5, with_fat=True), stack.slice_bytes(5, with_fat=False)
    assert len(with_fat) - len(without) == n
    assert without == with_fat[: 3 * n] + with_fat[4 * n :]


def test_outlines_enclose_their_muscle_in_its_colour(tmp_path: Path) -> None:
    found = decoded(stack_of(tmp_path), 5)
    assert [colour for colour, _ in found["outlines"]] == [colour_of(RIGHT)]
    lines = [np.reshape(line, (-1, 2)) for line in found["outlines"][0][1]]
    assert len(lines) == 2
    for line in lines:
        area = 0.5 * abs(np.sum(line[:-1, 0] * line[1:, 1] - line[1:, 0] * line[:-1, 1]))
        assert area == pytest.approx(64, rel=0.1)  # of 8 x 8 voxels
    assert len(found["zone"]) == 1
    assert np.reshape(found["zone"][0], (-1, 2)).mean(axis=0) == pytest.approx([SHAPE[0] - 31, SHAPE[1] - 7], abs=0.5)


def test_floating_point_images_keep_their_values_to_a_step(tmp_path: Path) -> None:
    image = Volume(np.random.default_rng(1).normal(0, 3, SHAPE).astype(np.float32), AFFINE)
    stack = stack_of(tmp_path, image=image)
    found = decoded(stack, 5)["grey"] * stack.step + stack.lowest
    assert np.abs(found - stack.view.picture(image.array, 5)).max() <= stack.step


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedInput) as refused:
        stack_of(tmp_path, fat=Volume(np.zeros(SHAPE, np.float32), np.diag([3.0, 2.0, 4.0, 1.0])))
    assert refused.value.reason is Reason.GRID_MISMATCH
