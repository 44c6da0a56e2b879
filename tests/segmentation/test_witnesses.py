"""A label map that is in another numbering than the one it is said to be in: never read as another muscle."""

from itertools import permutations
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io.study import Study
from gluteal_grade.segmentation.labelmap import LabelMapSegmenter
from gluteal_grade.segmentation.numbering import load_numbering, shipped_numberings
from gluteal_grade.vocabulary import GLUTEI, Region, SeriesKind, Side
from tests.synthetic import Toy, make_toy, series

TOY = make_toy()
NEW, OLD = "totalsegmentator_mr", "totalsegmentator_mr_v2.4"


def in_numbering(name: str, toy: Toy = TOY) -> np.ndarray:
    values = {(p.muscle, p.side): v for v, p in load_numbering(name).parts().items() if p.region is Region.WHOLE}
    array = np.zeros(toy.grid.shape, np.int16)
    for side, hundred in ((Side.RIGHT, 100), (Side.LEFT, 200)):
        for tens, muscle in enumerate(GLUTEI, 1):
            array[toy.labels.array // 10 * 10 == hundred + 10 * tens] = values[muscle, side]
    return array


def with_box(array: np.ndarray, value: int, centre_mm: tuple[float, float, float], half_mm: float = 12.0) -> np.ndarray:
    middle = np.rint(TOY.grid.to_voxel(np.array(centre_mm))).astype(int)
    reach = np.maximum(np.rint(half_mm / np.array(TOY.grid.spacing_mm)), 1).astype(int)
    box = tuple(slice(m - r, m + r) for m, r in zip(middle, reach, strict=True))
    result = array.copy()
    result[box] = np.where(result[box] == 0, value, result[box])
    return result


def table(names: dict[int, str]) -> nib.nifti1.Nifti1Extension:
    rows = "".join(f'<Label Key="{v}" Red="1" Green="0.5" Blue="0" Alpha="1"><![CDATA[{name}]]></Label>' for v, name in names.items())
    return nib.nifti1.Nifti1Extension(0, f"<CaretExtension><LabelTable>{rows}</LabelTable></CaretExtension>".encode())


def segment(tmp_path: Path, array: np.ndarray, name: str | None, names: dict[int, str] | None = None):
    path = tmp_path / "l.nii"
    image = nib.Nifti1Image(array, TOY.grid.affine)
    if names:
        image.header.extensions.append(table(names))
    nib.save(image, path)
    study = Study("0" * 12, (series("s", SeriesKind.T1, TOY.volume(TOY.fat)),))
    numbering = load_numbering(name or "gluteal_grade")
    return LabelMapSegmenter(path, numbering, name or "gluteal_grade", assumed=name is None).segment(study, ())


def refused(tmp_path: Path, array: np.ndarray, name: str | None, names: dict[int, str] | None = None) -> str:
    with pytest.raises(RefusedInput) as caught:
        segment(tmp_path, array, name, names)
    assert caught.value.reason is Reason.LABELS_NUMBERING
    return caught.value.detail


WHOLE = TOY.labels.array // 10 * 10


@pytest.mark.parametrize("name", shipped_numberings())
def test_its_own_numbering_is_read(name: str, tmp_path: Path) -> None:
    assert np.array_equal(segment(tmp_path, in_numbering(name), name).labels.array, WHOLE)


@pytest.mark.parametrize(("said", "true"), list(permutations(shipped_numberings(), 2)))
def test_one_numbering_read_as_another_is_refused_and_the_right_one_named(said: str, true: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedInput) as caught:
        segment(tmp_path, in_numbering(true), said)
    assert caught.value.reason in (Reason.LABELS_NUMBERING, Reason.LABELS_EMPTY)
    assert true in caught.value.detail.partition("it fits ")[2].split(" or ")


def test_erector_spinae_is_no_minimus(tmp_path: Path) -> None:
    """Between the versions, 44 and 45 went from erector spinae to minimus."""
    array = in_numbering(OLD)
    for value, x in ((44, -20.0), (45, 20.0)):
        array = with_box(array, value, (x, -60.0, 50.0))
    assert f"it fits {OLD}" in refused(tmp_path, array, NEW)


def test_a_value_that_only_the_other_has(tmp_path: Path) -> None:
    array = with_box(in_numbering(OLD), 55, (60.0, 60.0, -40.0))
    assert "55, the highest there is 50" in refused(tmp_path, array, NEW)
    assert np.array_equal(segment(tmp_path, array, OLD).labels.array, WHOLE)


@pytest.mark.parametrize(
    ("value", "centre", "word"), [(38, (80.0, -75.0, 0.0), "hip bone"), (50, (60.0, 40.0, -50.0), "brain"), (38, (60.0, 55.0, 10.0), "")]
)
def test_other_structures_bear_witness(value: int, centre: tuple[float, float, float], word: str, tmp_path: Path) -> None:
    array = with_box(in_numbering(NEW), value, centre, 8.0)
    if word:
        assert word in refused(tmp_path, array, NEW)
    else:
        assert segment(tmp_path, array, NEW).labels.array.any()


NAMES = {38: "gluteus_maximus_left", 39: "gluteus_maximus_right", 40: "gluteus_medius_left", 41: "gluteus_medius_right"}
NAMES |= {42: "gluteus_minimus_left", 43: "gluteus_minimus_right", 36: "hip_left"}


def test_the_files_own_table_has_the_last_word(tmp_path: Path) -> None:
    only_maximus = np.where(in_numbering(OLD) >= 40, 0, in_numbering(OLD)).astype(np.int16)
    assert "its own table calls 38 left gluteus maximus" in refused(tmp_path, only_maximus, NEW, NAMES)
    assert np.array_equal(segment(tmp_path, in_numbering(OLD), OLD, NAMES).labels.array, WHOLE)


def test_without_labelmap_the_table_is_the_numbering(tmp_path: Path) -> None:
    found = segment(tmp_path, in_numbering(OLD), None, NAMES)
    assert np.array_equal(found.labels.array, WHOLE)
    assert found.source == "labelmap:label table"
    assert "values [38, 39" in refused(tmp_path, in_numbering(OLD), None)


def test_a_map_without_a_value_of_the_numbering_names_the_one_that_fits(tmp_path: Path) -> None:
    with pytest.raises(RefusedInput) as caught:
        segment(tmp_path, in_numbering(NEW), "totalsegmentator")
    assert caught.value.reason is Reason.LABELS_EMPTY
    assert caught.value.detail.endswith(f"it fits {NEW}")
    assert refused(tmp_path, in_numbering("totalsegmentator"), None).endswith("it fits totalsegmentator")
