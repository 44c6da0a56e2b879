"""The shipped sample studies are what their truth says."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest

from gluteal_grade.grading.scales import load_scales
from gluteal_grade.vocabulary import LABEL_VALUES

SAMPLE = Path(__file__).parents[3] / "data" / "sample"

STUDIES = ("healthy_dixon", "osteoarthritis_t1", "tha_mars")


@pytest.fixture(params=STUDIES)
def sample(request):
    folder = SAMPLE / request.param
    labels = nib.load(folder / "labels.nii.gz")
    return folder, labels, json.loads((folder / "truth.json").read_text())


def values_of(entry):
    return [
        value
        for value, part in LABEL_VALUES.items()
        if part.side == entry["side"] and part.muscle == entry["muscle"] and entry["region"] in ("whole", part.region)
    ]


def test_together_they_are_small():
    assert sum(p.stat().st_size for p in SAMPLE.rglob("*") if p.is_file()) < 12_000_000


def test_labels_agree_with_the_truth(sample):
    folder, labels, truth = sample
    # fatty muscles on the T1 studies: the lean sheath in their border voxels dilutes them
    allowed = 0.005 if "dixon" in folder.name else 0.02
    array = np.asarray(labels.dataobj)
    voxel_ml = abs(np.linalg.det(labels.affine[:3, :3])) / 1000
    assert list(array.shape) == truth["grid"]["shape"]
    assert len(truth["truth"]) == 10
    for entry in truth["truth"]:
        mask = np.isin(array, values_of(entry))
        on_labels, continuous = entry["on_labels"], entry["continuous"]
        assert mask.sum() * voxel_ml == pytest.approx(on_labels["volume_ml"], rel=1e-4)
        if entry["region"] == "whole":
            assert on_labels["volume_ml"] == pytest.approx(continuous["volume_ml"], rel=0.01)
            assert on_labels["fat_fraction"] == pytest.approx(continuous["fat_fraction"], abs=allowed)
        # whole muscles, at least two slices from the end
        assert not entry["touches_border"]
        assert not mask[:, :, :2].any()
        assert not mask[:, :, -2:].any()
        x = (labels.affine @ np.append(np.argwhere(mask).mean(axis=0), 1))[0]
        assert (x > 0) == (entry["side"] == "right")


def test_grades_follow_from_the_shipped_scales(sample):
    _, _, truth = sample
    scales = load_scales()
    for entry in truth["truth"]:
        c = entry["continuous"]
        assert entry["grades"] == {name: scales.grade(name, c["fat_fraction"], c["fat_area_fraction"]) for name in scales.scales}


def test_truth_stays_clear_of_quartile_edges(sample):
    folder, _, truth = sample
    margin = 0.01 if "dixon" in folder.name else 0.03
    for entry in truth["truth"]:
        if entry["region"] == "whole":
            assert min(abs(entry["continuous"]["fat_fraction"] - edge) for edge in (0.10, 0.25, 0.50, 0.75)) > margin


def test_series_lie_on_the_labels_grid(sample):
    folder, labels, truth = sample
    main = {"healthy_dixon": "dixon_water", "osteoarthritis_t1": "t1_tse_tra", "tha_mars": "t1_tse_WARP_tra"}[folder.name]
    files = sorted((folder / "dicom" / main).glob("*.dcm"))
    assert len(files) == labels.shape[2]
    first = pydicom.dcmread(files[0])
    shape = np.array(labels.shape)
    # DICOM's first pixel is the one furthest to the right and to the front
    corner = labels.affine @ [shape[0] - 1, shape[1] - 1, 0, 1]
    assert np.array(first.ImagePositionPatient, float) * (-1, -1, 1) == pytest.approx(corner[:3], abs=1e-3)
    assert first.pixel_array.shape == (shape[1], shape[0])
    assert first.PatientName.family_name == "Phantom"
    assert [s["name"] for s in truth["series"] if s["kind"] != "localizer"]


def test_one_study_one_patient_unique_images(sample):
    folder, _, _ = sample
    headers = [pydicom.dcmread(p, stop_before_pixels=True) for p in (folder / "dicom").rglob("*.dcm")]
    assert len({h.StudyInstanceUID for h in headers}) == 1
    assert len({h.SOPInstanceUID for h in headers}) == len(headers)
    assert len({h.FrameOfReferenceUID for h in headers}) == 1
    assert len({h.SeriesInstanceUID for h in headers}) == len(list((folder / "dicom").iterdir()))
