"""What lies in `dicom/`: conformant, the patient's, the same twice; nothing of what gives no valid object."""

import hashlib
import logging
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.io import discover
from gluteal_grade.pipeline import Graded
from gluteal_grade.report.dicom.write import DicomOptions, write_dicom
from tests.report.dicom.scanner import HAS_DCIODVFY, SCANNERS, complaints, examined, objects, relabelled, slim
from tests.synthetic import dixon_study, make_toy

NAMES = ["seg.dcm", "sr.dcm", "sc.dcm"]


def written(scanner: str, folder: Path, **options: object) -> dict[str, Dataset]:
    one = examined(scanner)
    folder.mkdir(exist_ok=True)
    paths = write_dicom(one.graded, one.study, folder, overlay=one.overlay, **options)
    return {path.name: pydicom.dcmread(path) for path in paths}


def rewritten(tmp_path: Path, change) -> tuple[Graded, object]:
    """The Siemens study with changed headers, and the result of the unchanged one."""
    one = slim(examined("siemens"))
    for n, file in enumerate(one.study.files):
        data = pydicom.dcmread(file.open())
        change(data)
        (tmp_path / "in").mkdir(exist_ok=True)
        data.save_as(tmp_path / "in" / f"{n:03d}.dcm")
    (study,) = discover(tmp_path / "in").studies
    return one.graded, study


@pytest.mark.skipif(not HAS_DCIODVFY, reason="needs dicom3tools")
@pytest.mark.parametrize("scanner", SCANNERS)
def test_no_error_of_dciodvfy(scanner: str) -> None:
    assert [complaints(objects(scanner) / name) for name in NAMES] == [[], [], []]


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    assert list(written("siemens", tmp_path)) == NAMES
    first, second = objects("siemens"), tmp_path / "dicom"
    assert [(first / name).read_bytes() == (second / name).read_bytes() for name in NAMES] == [True, True, True]
    assert sorted(p.name for p in second.iterdir()) == sorted(NAMES)


def test_what_differs_has_other_uids(tmp_path: Path) -> None:
    one = slim(examined("siemens"))

    def uids(graded: Graded) -> set[str]:
        found = set()
        for path in write_dicom(graded, one.study, tmp_path, overlay=None):
            data = pydicom.dcmread(path)
            found |= {data.SOPInstanceUID, data.SeriesInstanceUID}
        return found

    def one_voxel_less(array) -> None:
        array[tuple(axis[0] for axis in array.nonzero())] = 0

    first = uids(one.graded)
    assert len(first) == 4
    other = one.graded.result.model_copy(update={"notes": ()} if one.graded.result.notes else {"statements": ()})
    settings = one.graded.result.provenance.model_copy(update={"config_hash": "f" * 12})
    changed = [
        relabelled(one, one_voxel_less),
        Graded(one.graded.result.model_copy(update={"provenance": settings}), one.graded.images),
        Graded(other, one.graded.images) if other != one.graded.result else relabelled(one, one_voxel_less),
    ]
    for graded in changed:
        assert not first & uids(graded)
    later = one.graded.result.provenance.model_copy(update={"created": "2031-01-01T00:00:00+00:00", "seconds": {"fat": 9.0}})
    assert uids(Graded(one.graded.result.model_copy(update={"provenance": later}), one.graded.images)) == first


def test_a_label_map_is_another_object_and_reads_the_same(tmp_path: Path) -> None:
    import highdicom as hd
    import numpy as np

    labelmap = written("siemens", tmp_path, options=DicomOptions(labelmap=True))
    assert labelmap["seg.dcm"].SegmentationType == "LABELMAP"
    for name in NAMES:
        assert pydicom.dcmread(objects("siemens") / name).SOPInstanceUID != labelmap[name].SOPInstanceUID
    paths = objects("siemens") / "seg.dcm", tmp_path / "dicom" / "seg.dcm"
    read = [hd.seg.segread(path).get_volume(combine_segments=True) for path in paths]
    assert np.array_equal(read[0].array, read[1].array)
    assert np.allclose(read[0].affine, read[1].affine)


def test_objects_belong_to_the_patient_and_the_study() -> None:
    source = pydicom.dcmread(examined("philips").study.files[0].open())
    found = [pydicom.dcmread(objects("philips") / name) for name in NAMES]
    for data in found:
        for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientAge", "StudyInstanceUID"):
            assert data[keyword].value == source[keyword].value, keyword
        for keyword in ("AccessionNumber", "StudyID", "StudyDate", "StudyTime", "StudyDescription", "SpecificCharacterSet"):
            assert data[keyword].value == source[keyword].value, keyword
        assert "PatientComments" in source
        assert "PatientComments" not in data
        assert data.SeriesInstanceUID != source.SeriesInstanceUID
        assert data.SeriesNumber >= 9001
        assert data.SeriesDescription.startswith("gluteal_grade ")
    assert len({data.SeriesInstanceUID for data in found}) == 3
    assert len({data.SeriesNumber for data in found}) == 3


def test_nothing_else_of_the_source_comes_along(tmp_path: Path) -> None:
    """The hospital, the operator, the scanner, private elements: they stay in the images."""

    def secrets(data: Dataset) -> None:
        data.InstitutionName, data.StationName, data.OperatorsName = "SECRET^Clinic", "SECRET1", "SECRET^Op"
        data.PerformingPhysicianName, data.ImageComments, data.ProtocolName = "SECRET^Doc", "SECRET comment", "SECRET protocol"
        data.DeviceSerialNumber = "SECRET-SN"
        data.private_block(0x0029, "SECRET", create=True).add_new(1, "LO", "SECRET private")

    graded, study = rewritten(tmp_path, secrets)
    for path in write_dicom(graded, study, tmp_path, overlay=examined("siemens").overlay):
        assert b"SECRET" not in path.read_bytes()
        data = pydicom.dcmread(path)
        assert not [element.tag for element in data.iterall() if element.tag.is_private]


def test_no_clock() -> None:
    for data in (pydicom.dcmread(objects("siemens") / name) for name in NAMES):
        dates = {str(e.value) for e in data.iterall() if e.VR in ("DA", "DT") and e.value and e.keyword != "PatientBirthDate"}
        assert dates == {"20250102"}
        assert "InstanceCreationDate" not in data


def test_what_the_source_lacks_stays_empty(tmp_path: Path) -> None:
    def anonymous(data: Dataset) -> None:
        for keyword in ("PatientBirthDate", "PatientID", "AccessionNumber", "StudyID", "ReferringPhysicianName", "PatientAge"):
            delattr(data, keyword)
        for name in ("Study", "Series", "Acquisition", "Content"):
            setattr(data, f"{name}Date", "")
            setattr(data, f"{name}Time", "")
        data.PatientSex = ""

    graded, study = rewritten(tmp_path, anonymous)
    for path in write_dicom(graded, study, tmp_path, overlay=None):
        data = pydicom.dcmread(path)
        for keyword in ("PatientBirthDate", "PatientID", "AccessionNumber", "StudyID", "StudyDate", "PatientSex"):
            assert data[keyword].is_empty, keyword
        assert "PatientAge" not in data
        assert data.ContentDate == "19000101"


@pytest.mark.parametrize("name", ["Müller^Jürgen", "no caret, a comma", "A" * 80, "a^b^c^d^e^f^g"])
@pytest.mark.filterwarnings("ignore:Invalid value for VR DA", "ignore:The PN component length")  # by the test's own writing
def test_odd_names_are_taken_as_they_are_and_not_told(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def odd(data: Dataset) -> None:
        data.PatientName, data.PatientSex, data.PatientBirthDate = name, "X", "unknown"

    with caplog.at_level(logging.DEBUG):
        graded, study = rewritten(tmp_path, odd)
        caplog.clear()
        capfd.readouterr()
        paths = write_dicom(graded, study, tmp_path, overlay=None)
    assert str(pydicom.dcmread(paths[0]).PatientName) == name
    said = caplog.text + "".join(capfd.readouterr())
    assert name not in said
    assert [path.name for path in paths] == NAMES[:2]


def test_nifti_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(RefusedInput) as caught:
        write_dicom(examined("siemens").graded, dixon_study(make_toy(shape=(8, 8, 8))), tmp_path, overlay=None)
    assert caught.value.reason is Reason.DICOM_NOT_WRITTEN
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("keyword", ["FrameOfReferenceUID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
def test_headers_without_identity_are_refused(keyword: str, tmp_path: Path) -> None:
    graded, study = rewritten(tmp_path, lambda data: delattr(data, keyword))
    with pytest.raises(RefusedInput) as caught:
        write_dicom(graded, study, tmp_path / "in", overlay=None)
    assert caught.value.reason is Reason.DICOM_NOT_WRITTEN
    assert not (tmp_path / "in" / "dicom").exists()


def test_another_study_of_the_same_shape_is_refused(tmp_path: Path) -> None:
    """The labels must lie on the images: a study moved by 4 mm is not theirs."""

    def moved(data: Dataset) -> None:
        data.ImagePositionPatient = [float(data.ImagePositionPatient[0]) + 4.0, *data.ImagePositionPatient[1:]]

    graded, study = rewritten(tmp_path, moved)
    with pytest.raises(RefusedInput) as caught:
        write_dicom(graded, study, tmp_path, overlay=None)
    assert caught.value.reason is Reason.DICOM_NOT_WRITTEN


def test_a_study_that_keeps_its_voxels_gives_the_same_objects(tmp_path: Path) -> None:
    """`Study.read_once` hides where the voxels come from; the files tell."""
    one = slim(examined("ge"))
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = write_dicom(one.graded, one.study, tmp_path / "a", overlay=None)
    second = write_dicom(one.graded, one.study.read_once(), tmp_path / "b", overlay=None)
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_a_full_disk_is_a_failure_that_may_pass(tmp_path: Path) -> None:
    one = slim(examined("siemens"))
    with pytest.raises(TransientFailure) as caught:
        write_dicom(one.graded, one.study, tmp_path / "gone", overlay=None)
    assert caught.value.reason is Reason.OUTPUT_NOT_WRITABLE


def test_study_files_are_those_of_the_study() -> None:
    study = examined("siemens").study
    assert len(study.files) == 56
    assert len({file.sha256() for file in study.files}) == 56
    assert hashlib.sha256("\n".join(sorted(f.sha256() for f in study.files)).encode()).hexdigest() == study.content()
    assert replace(study, files=()) == study
