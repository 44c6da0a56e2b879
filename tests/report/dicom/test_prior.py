"""The prior in a DICOM report: read back number by number, and the result's own report left as it is."""

from __future__ import annotations

import math
import shutil
import subprocess
from pathlib import Path

import highdicom as hd
import pydicom
import pytest

from gluteal_grade.errors import RefusedInput
from gluteal_grade.report import SR_PRIOR
from gluteal_grade.report.dicom import follow, header_of, renew_prior_sr
from gluteal_grade.report.html import Prior, PriorRow
from gluteal_grade.vocabulary import Muscle, Region, Side
from tests.report.dicom.scanner import HAS_DCIODVFY, complaints, examined, objects

NAN = math.nan
MIN = Muscle.GLUTEUS_MINIMUS


def row(side: Side, region: Region = Region.WHOLE, **other: object) -> PriorRow:
    told = {
        "fat_then": 0.12,
        "fat_now": 0.155,
        "grade_then": 1,
        "grade_now": 1,
        "change_points": 3.5,
        "change_low": 1.2,
        "change_high": 5.8,
    }
    told |= {"sdc_points": 2.25, "beyond": True, "volume_change_ml": -4.0, "volume_change_percent": -5.0}
    return PriorRow(side, MIN, region, **{**told, "words": "more fat than before, beyond the stated measurement uncertainty"} | other)


LOST = {
    "fat_then": NAN,
    "grade_then": None,
    "volume_change_ml": NAN,
    "words": "not compared: no label in at least one study",
    "beyond": None,
}
LOST |= dict.fromkeys(("change_points", "change_low", "change_high", "sdc_points"), NAN)
PRIOR = Prior("c" * 12, 365, (row(Side.LEFT), row(Side.RIGHT, **LOST)), ("the scans were acquired differently \N{EN DASH} look",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(objects("siemens"), tmp_path / "dicom")
    return tmp_path / "dicom"


def renew(folder: Path, prior: Prior | None = PRIOR) -> bool:
    return renew_prior_sr(folder, examined("siemens").graded.result.to_json().encode(), prior)


def groups(path: Path) -> dict[str, tuple[dict[str, float], dict[str, str]]]:
    """By tracking identifier: numbers, and evaluations as code values."""
    content = hd.sr.srread(path).content
    return {
        g.tracking_identifier: (
            {m.name.value: float(m.value) for m in g.get_measurements()},
            {q.name.value: q.value.value for q in g.get_qualitative_evaluations()},
        )
        for g in (*content.get_volumetric_roi_measurement_groups(), *content.get_image_measurement_groups())
    }


def test_every_number_of_the_change_is_read_back(folder: Path) -> None:
    before, own = groups(folder / "sr.dcm"), (folder / "sr.dcm").read_bytes()
    assert renew(folder)
    after = groups(folder / SR_PRIOR)
    assert (folder / "sr.dcm").read_bytes() == own
    name, other = (f"gluteal_grade {side} gluteus minimus" for side in ("left", "right"))
    assert after[name][0].items() - before[name][0].items() == {
        ("FF_PRIOR", 12.0),
        ("FF_CHANGE", 3.5),
        ("FF_CHANGE_LOW95", 1.2),
        ("FF_CHANGE_HIGH95", 5.8),
        ("FF_SDC", 2.25),
        ("VOLUME_CHANGE", -4.0),
    }
    assert after[name][1].items() - before[name][1].items() == {("B_QUARTILE", "QUARTILE_1"), ("CHANGED", "more_fat")}
    assert after[other] == (before[other][0], before[other][1] | {"CHANGED": "not_compared"})
    assert {part: told for part, told in after.items() if part not in (name, other)} == {
        part: told for part, told in before.items() if part not in (name, other)
    }


def test_it_is_a_valid_report_that_follows_the_other(folder: Path) -> None:
    renew(folder)
    own, data = (pydicom.dcmread(folder / name) for name in ("sr.dcm", SR_PRIOR))
    assert (data.SeriesInstanceUID, data.PatientID) == (own.SeriesInstanceUID, own.PatientID)
    assert data.SOPInstanceUID == data.file_meta.MediaStorageSOPInstanceUID != own.SOPInstanceUID
    (named,) = data.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert named.ReferencedSOPInstanceUID == own.SOPInstanceUID
    assert "365 days before" in data.ContentSequence[-1].TextValue
    assert "Left minimus: 12.0 %, +3.5 points (+1.2 to +5.8), SDC 2.2: more fat" in data.ContentSequence[-1].TextValue
    if HAS_DCIODVFY:
        assert complaints(folder / SR_PRIOR) == []


@pytest.mark.skipif(shutil.which("dsr2html") is None, reason="dcmtk")
def test_a_viewer_of_reports_shows_it(folder: Path) -> None:
    renew(folder)
    page = subprocess.run(["dsr2html", str(folder / SR_PRIOR)], capture_output=True, text=True, check=True).stdout
    assert ">more fat<" in page
    assert "prior 12.0 %, +3.5 points" in page


def test_it_is_written_once_again_when_something_changed_and_taken_away(folder: Path) -> None:
    assert renew(folder)
    first = (folder / SR_PRIOR).read_bytes()
    assert not renew(folder)
    assert renew(folder, Prior("d" * 12, 365, PRIOR.rows))
    assert pydicom.dcmread(folder / SR_PRIOR).SOPInstanceUID not in str(first)
    assert renew(folder)
    assert (folder / SR_PRIOR).read_bytes() == first
    assert not renew(folder, None)
    assert not (folder / SR_PRIOR).exists()


def named(data: pydicom.Dataset) -> list[str]:
    (item,) = data.PredecessorDocumentsSequence
    return [str(one.ReferencedSOPInstanceUID) for one in item.ReferencedSeriesSequence[0].ReferencedSOPSequence]


def test_it_follows_those_that_the_archive_has(folder: Path) -> None:
    own, path = str(pydicom.dcmread(folder / "sr.dcm").SOPInstanceUID), folder / SR_PRIOR
    sent, uids = [], []
    for number, prior in enumerate((PRIOR, Prior("d" * 12, 365, PRIOR.rows), PRIOR)):  # the third is the first one's comparison again
        assert renew(folder, prior)
        follow(path, sent)
        data, before = pydicom.dcmread(path), path.read_bytes()
        assert data.InstanceNumber == 2 + number
        assert named(data) == [own, *uids[-1:]]
        assert ("InstanceCreationTime" in data) is bool(number)
        assert str(data.SOPInstanceUID) == data.file_meta.MediaStorageSOPInstanceUID
        if HAS_DCIODVFY:
            assert complaints(path) == []
        follow(path, sent)  # as after a failed sending
        assert not renew(folder, prior)
        sent.append(header_of(path))
        follow(path, sent)
        assert path.read_bytes() == before
        uids.append(str(data.SOPInstanceUID))
    assert len({own, *uids}) == 4


def test_reports_of_another_series_are_not_followed(folder: Path) -> None:
    renew(folder)
    (other := header_of(folder / SR_PRIOR)).SeriesInstanceUID = "1.2.3"
    other.SOPInstanceUID, before = "1.2.4", (folder / SR_PRIOR).read_bytes()
    follow(folder / SR_PRIOR, [other])
    assert (folder / SR_PRIOR).read_bytes() == before
    (folder / SR_PRIOR).write_bytes(b"no DICOM")
    with pytest.raises(RefusedInput, match=r"in sr_prior\.dcm"):
        follow(folder / SR_PRIOR, [other])


def test_without_a_report_there_is_none_and_a_damaged_one_is_refused(folder: Path) -> None:
    (folder / "sr.dcm").write_bytes(b"no DICOM")
    with pytest.raises(RefusedInput, match=r"in sr\.dcm"):
        renew(folder)
    (folder / "sr.dcm").unlink()
    assert not renew(folder)
    assert not (folder / SR_PRIOR).exists()
