"""A slice without a picture at an end of the stack is told where labels lie, and where the image is scaled by tissues of its own."""

from dataclasses import replace

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Study
from gluteal_grade.pipeline import grade_study
from gluteal_grade.vocabulary import SeriesKind
from tests.report.studies import FixedLabels
from tests.synthetic import Toy, make_toy, series, t1


def told(toy: Toy, image: np.ndarray, labels: np.ndarray) -> list[str]:
    source = series("s1", SeriesKind.T1, Volume(image.astype(np.float32), toy.grid.affine))
    result = grade_study(Study("ab" * 6, (source,)), load_settings(), FixedLabels(Volume(labels, toy.grid.affine), source)).result
    assert result.refusal is None
    return [n.detail for n in result.notes if n.reason is Reason.EMPTY_SLICES]


@pytest.mark.parametrize("end", [0, -1])
def test_an_end_slice_of_one_image_is_told(end: int) -> None:
    toy = make_toy(shape=(96, 70, 30), spacing=(3.75, 3.75, 5.0))
    filled = np.flatnonzero(toy.labels.array.any(axis=(0, 1)))
    keep = slice(int(filled[0]), int(filled[-1]) + 1)  # muscle up to both ends
    affine = toy.grid.affine.copy()
    affine[:3, 3] += affine[:3, 2] * keep.start
    cut = replace(toy, grid=replace(toy.grid, shape=(96, 70, keep.stop - keep.start), affine=affine))
    image, labels = t1(toy)[:, :, keep].copy(), toy.labels.array[:, :, keep].copy()
    assert told(cut, image, labels) == []
    image[:, :, end] = 0
    assert told(cut, image, labels) == ["1 slice at an end of series s1 holds labels and no picture: not measured there"]
    labels[:, :, end] = 0
    words = "1 slice at an end of series s1 holds no picture: the tissues that fat is compared with are those of the others"
    assert told(cut, image, labels) == [words]


def test_padding_of_a_map_is_sound() -> None:
    toy = make_toy(shape=(96, 70, 30), spacing=(3.75, 3.75, 5.0))
    image, labels = 100 * np.nan_to_num(toy.fat), toy.labels.array.copy()
    image[:, :, -2:] = labels[:, :, -2:] = 0
    source = series("s1", SeriesKind.FAT_FRACTION, Volume(image.astype(np.float32), toy.grid.affine))
    result = grade_study(Study("ab" * 6, (source,)), load_settings(), FixedLabels(Volume(labels, toy.grid.affine), source)).result
    assert result.refusal is None
    assert Reason.EMPTY_SLICES not in {n.reason for n in result.notes}
