"""A folder of one NIfTI mask for each class as labels."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io.study import Study
from gluteal_grade.segmentation.source import segmenter_of
from gluteal_grade.vocabulary import GLUTEI, SeriesKind, Side
from tests.synthetic import make_toy, series

TOY = make_toy()
WHOLE = TOY.labels.array // 10 * 10
STUDY = Study("0" * 12, (series("s", SeriesKind.T1, TOY.volume(TOY.fat)),))


def save(path: Path, array: np.ndarray, affine: np.ndarray = TOY.grid.affine) -> None:
    nib.save(nib.Nifti1Image(array.astype(np.uint8), affine), path)


def folder(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    for tens, muscle in enumerate(GLUTEI, 1):
        for side, hundred in ((Side.RIGHT, 100), (Side.LEFT, 200)):
            save(path / f"{muscle.value}_{side.value}.nii.gz", hundred + 10 * tens == WHOLE)
    save(path / "sacrum.nii.gz", np.zeros(WHOLE.shape))
    return path


def segment(path: Path):
    return segmenter_of(load_settings(), path, labelmap="totalsegmentator").segment(STUDY, ())


def test_masks_become_one_label_map(tmp_path: Path) -> None:
    found = segment(folder(tmp_path / "s"))
    assert np.array_equal(found.labels.array, WHOLE)
    assert found.source == "labelmap:folder"
    assert found.notes == ()
    assert len(found.source_hash) == 64


def test_a_mask_changed_is_another_hash_and_overlap_is_told(tmp_path: Path) -> None:
    path = folder(tmp_path / "s")
    before = segment(path).source_hash
    save(path / "gluteus_minimus_left.nii.gz", np.isin(WHOLE, (220, 230)))
    found = segment(path)
    assert found.source_hash != before
    assert found.notes[0].reason is Reason.LABEL_UNCERTAIN


def test_a_tensor_has_what_the_glutei_leave(tmp_path: Path) -> None:
    path = folder(tmp_path / "s")
    over = np.zeros(WHOLE.shape, bool)
    over[-40:, :, :] = True  # of the patient's right, glutei and what lies around them
    save(path / "tensor_fasciae_latae_right.nii.gz", over)
    found = segment(path)
    assert np.array_equal(np.where(found.labels.array == 140, 0, found.labels.array), WHOLE)
    assert np.array_equal(found.labels.array == 140, over & (WHOLE == 0))
    assert found.notes == ()


def test_what_is_wrong_is_refused(tmp_path: Path) -> None:
    path = folder(tmp_path / "s")
    names = [f"gluteus_{m}_left.nii.gz" for m in ("maximus", "medius")]
    (path / names[0]).rename(path / "x.nii.gz")
    (path / names[1]).rename(path / names[0])
    (path / "x.nii.gz").rename(path / names[1])
    with pytest.raises(RefusedInput) as caught:
        segment(path)
    assert caught.value.reason is Reason.LABELS_NUMBERING
    moved = TOY.grid.affine + np.array([[0, 0, 0, 50.0]] + [[0] * 4] * 3)
    save(path / names[0], WHOLE == 210, moved)
    with pytest.raises(RefusedInput) as caught:
        segment(path)
    assert caught.value.reason is Reason.LABELS_GEOMETRY


def test_a_folder_of_one_map_is_told_what_to_give(tmp_path: Path) -> None:
    save(tmp_path / "all_classes.nii.gz", WHOLE)
    with pytest.raises(RefusedInput) as caught:
        segment(tmp_path)
    assert caught.value.reason is Reason.LABELS_UNREADABLE
    assert "own path" in caught.value.detail
