"""Labels in a slice without a picture at an end of the stack: not measured, and said so; padding without labels is sound."""

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
def test_an_end_slice_is_told_where_it_is_labelled(end: int) -> None:
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
    assert told(cut, image, labels) == []
