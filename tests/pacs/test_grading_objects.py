"""What of a study's folder is sent, and in which order; a study in two stations through a real Orthanc."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
import requests

from gluteal_grade.config import load_settings
from gluteal_grade.pacs.grading import Means, objects_of
from gluteal_grade_lab.orthanc import AVAILABLE, Orthanc
from tests.in_stations import coarse_labels
from tests.pacs.hospital import hash_of, push
from tests.pacs.test_superseded import Hospital, corrected
from tests.report.dicom.test_stitched import scan

_STITCHED = ["stitched_0001.dcm", "stitched_0002.dcm"]


@pytest.mark.parametrize(
    ("kinds", "sent"),
    [
        (("seg", "sr", "sc"), [*_STITCHED, "seg.dcm", "sr.dcm", "sc.dcm"]),
        (("sc", "pdf", "fat_map"), [*_STITCHED, "sc.dcm", "pdf.dcm", "fat_001.dcm"]),
        (("sr",), [*_STITCHED, "sr.dcm"]),  # its regions lie on them
        (("pdf",), ["pdf.dcm"]),
    ],
)
def test_the_stitched_image_goes_before_what_refers_to_it(tmp_path: Path, kinds: tuple[str, ...], sent: list[str]) -> None:
    folder = tmp_path / "abc" / "dicom"
    folder.mkdir(parents=True)
    for name in (*reversed(_STITCHED), "seg.dcm", "sr.dcm", "sr_prior.dcm", "sc.dcm", "pdf.dcm", "fat_001.dcm"):
        (folder / name).touch()
    assert [path.name for path in objects_of(tmp_path, "abc", kinds)] == sent


@pytest.mark.long
@pytest.mark.skipif(not AVAILABLE, reason="Debian's orthanc is not installed")
def test_a_study_in_two_stations_is_sent_with_the_image_it_was_graded_on(tmp_path: Path) -> None:
    images = scan(tmp_path / "in")
    corrected(images, "Test^Person", "7")
    volume = coarse_labels()
    labels = tmp_path / "labels.nii.gz"
    nib.save(nib.Nifti1Image(np.asarray(volume.array[:, :, :28], np.uint8), volume.affine), labels)
    (tmp_path / "pictures.yaml").write_text("report: {pictures: summary}\n", encoding="utf-8", newline="\n")
    with Orthanc(tmp_path / "orthanc") as orthanc:
        study = push(orthanc, images)
        assert study == hash_of(images)
        before = _last_change(orthanc)
        hospital = Hospital(tmp_path, orthanc)
        hospital.means = Means(load_settings(tmp_path / "pictures.yaml"), jobs=1)
        night = hospital.night(labels)
        assert (night.exit_code, night.sent) == (0, {study: ""})
        came = [pydicom.dcmread(one) for one in _came_since(orthanc, before)]
        assert [data.Modality for data in came] == ["MR"] * 28 + ["SEG", "SR", "OT"]
        stitched = {str(data.SOPInstanceUID) for data in came[:28]}
        seg, report, capture = came[28:]
        (series,) = seg.ReferencedSeriesSequence
        assert {str(one.ReferencedSOPInstanceUID) for one in series.ReferencedInstanceSequence} <= stitched
        named = {
            str(item.ReferencedSOPInstanceUID)
            for one in report.CurrentRequestedProcedureEvidenceSequence
            for part in one.ReferencedSeriesSequence
            for item in part.ReferencedSOPSequence
        }
        assert named <= stitched | {str(seg.SOPInstanceUID)}
        assert {str(item.ReferencedSOPInstanceUID) for item in capture.SourceImageSequence} == stitched
        assert hospital.night(labels).ends == {}  # the stitched images count for no new ones


def _last_change(orthanc: Orthanc) -> int:
    return int(requests.get(f"{orthanc.url}/changes?last", timeout=120).json()["Last"])


def _came_since(orthanc: Orthanc, change: int) -> list[Any]:
    """Objects in the order in which the PACS took them."""
    from io import BytesIO

    told = requests.get(f"{orthanc.url}/changes?since={change}&limit=1000", timeout=120).json()["Changes"]
    new = [one["ID"] for one in told if one["ChangeType"] == "NewInstance"]
    return [BytesIO(requests.get(f"{orthanc.url}/instances/{one}/file", timeout=120).content) for one in new]
