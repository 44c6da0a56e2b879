"""Networks against label maps that readers vouched for, on studies kept back from training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io.nifti import save_volume
from gluteal_grade.io.study import Series, Study
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade_lab.measuring import kept_back
from tests.synthetic import dixon, make_toy

TOY = make_toy({}, shape=(96, 70, 28), spacing=(3.75, 3.75, 5.0))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One subject; networks that label it without its right medius."""
    start = "sub-1/ses-2/anat/sub-1_ses-2"
    water, fat = dixon(TOY)
    for name, volume in (("acq-water_Dixon", TOY.volume(water)), ("acq-fat_Dixon", TOY.volume(fat)), ("dseg", TOY.labels)):
        path = tmp_path / f"{start}_{name}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        save_volume(volume, path)

    class Networks:
        def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
            array = np.where(TOY.labels.array // 10 == 12, 0, TOY.labels.array)
            return Segmentation(Volume(array, preferred[0].grid.affine), preferred[0], "test", "0" * 64)

    monkeypatch.setattr(kept_back, "segmenter_of", lambda settings: Networks())
    return tmp_path


def test_dice_of_each_muscle_by_study_and_of_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept_back.main([str(folder)])
    assert capsys.readouterr().out.splitlines() == [
        "| Dice | maximus | medius | minimus |",
        "| --- | --- | --- | --- |",
        "| sub-1/ses-2 | 1.000 | 0.500 | 1.000 |",
        "| all | 1.000 | 0.500 | 1.000 |",
    ]


def test_label_maps_that_are_missing_or_lie_elsewhere_are_refused(folder: Path, tmp_path: Path) -> None:
    (path,) = folder.rglob("*_dseg.nii.gz")
    save_volume(Volume(TOY.labels.array[:, :, 1:], TOY.labels.affine), path)
    with pytest.raises(RefusedInput) as refused:
        kept_back.main([str(folder)])
    assert refused.value.reason is Reason.LABELS_GEOMETRY
    path.unlink()
    with pytest.raises(RefusedInput) as refused:
        kept_back.main([str(folder)])
    assert refused.value.reason is Reason.LABELS_NOT_FOUND
