"""The image of two stations as DICOM: derived images that name their sources, and the segmentation on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pytest
from highdicom.seg import segread
from PIL import Image
from pydicom.uid import MRImageStorage

from gluteal_grade.geometry import Volume
from gluteal_grade.io import Series, Study, discover
from gluteal_grade.pipeline import Graded, StudyImages
from gluteal_grade.report import Look, write_overlays
from gluteal_grade.report.dicom.deidentify import mapped
from gluteal_grade.report.dicom.write import DicomOptions, write_dicom
from gluteal_grade.vocabulary import LABEL_VALUES, SeriesKind
from tests.dicom_factory import image, uid, write
from tests.in_stations import coarse_labels, fine, slab
from tests.report.dicom.scanner import complaints, examined

_SLICES = 28  # that both stations show together


def scan(folder: Path) -> Path:
    """Water and fat of two stations, the upper brighter, as a scanner writes them; each its own four series."""
    toy, water, fat = fine()
    for number, (first, count, gain) in enumerate(((0, 16, 1.0), (14, 14, 1.3))):
        for kind, array in (("WATER", water), ("FAT", fat)):
            volume = slab(first, count, array, toy, gain=2 * gain)
            lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.affine
            spacing = np.linalg.norm(lps[:3, :3], axis=0)
            series = 10 * number + (1 if kind == "WATER" else 2)
            for k in range(count):
                facts = {
                    "SeriesNumber": series, "SeriesInstanceUID": uid("series", series), "SOPInstanceUID": uid("image", f"{series}/{k}"),
                    "InstanceNumber": k + 1, "ImageType": ["ORIGINAL", "PRIMARY", "DIXON", kind], "SeriesDescription": f"dixon_{kind[0]}",
                    "ScanningSequence": "GR", "SequenceVariant": "SP", "RepetitionTime": 6.7, "EchoTime": 2.4, "FlipAngle": 3.0,
                    "MagneticFieldStrength": 1.5, "SliceThickness": float(spacing[2]), "FrameOfReferenceUID": uid("one"),
                    "PatientName": "Test^Person", "PatientID": "7", "StudyDate": "20240102", "StudyTime": "101112",
                    "Manufacturer": "SIEMENS",
                }  # fmt: skip
                pixels = np.rint(volume.array[:, :, k].T).astype(np.uint16)
                place = lps[:3, 3] + k * lps[:3, 2]
                directions = (lps[:3, 0] / spacing[0], lps[:3, 1] / spacing[1])
                write(folder / f"{series}_{k:03d}.dcm", image(pixels, place, directions, (spacing[1], spacing[0]), **facts))
    return folder


@dataclass(frozen=True)
class Case:
    """A study in two stations with labels on the stitched water image, and its objects."""

    study: Study
    series: Series
    graded: Graded
    folder: Path


def case_of(source: Path, out: Path, *, picture: bool = False, **options: bool) -> Case:
    (study,) = discover(source).studies
    series = next(s for s in study.series if s.stations and s.kind is SeriesKind.DIXON_WATER)
    volume = series.load()
    whole = coarse_labels()
    placed = Volume(np.ascontiguousarray(whole.array[:, :, : volume.shape[2]]), volume.affine)
    template = examined("siemens").graded.result
    result = template.model_copy(update={"reference_series": series.id, "slice_axis": series.slice_axis})
    graded = Graded(result, StudyImages(volume, placed, placed, series.slice_axis, is_ct=False))
    out.mkdir()
    overlay = write_overlays(graded.result, graded.images, out, Look(pictures="summary"))[0] if picture and graded.images else None
    return Case(study, series, graded, write_dicom(graded, study, out, overlay=overlay, options=DicomOptions(**options))[0].parent)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    root = tmp_path_factory.mktemp("stitched")
    return case_of(scan(root / "in"), root / "out")


def test_the_images_are_the_stitched_volume_and_valid(case: Case) -> None:
    paths = sorted(case.folder.glob("stitched_*.dcm"))
    assert len(paths) == _SLICES
    volume = case.series.load()
    (study,) = discover(case.folder).studies
    (back,) = (s for s in study.series if s.grid is not None)
    assert back.grid is not None
    assert back.grid.matches(volume.grid, 0.01)
    np.testing.assert_allclose(back.load().array, np.rint(volume.array), atol=0.5)
    assert [line for path in (paths[0], paths[-1]) for line in complaints(path)] == []


def test_each_image_names_the_stations_images_it_was_made_of(case: Case) -> None:
    sources = {text for s in case.study.series if s.id in case.series.stations for text in s.sources}
    named: set[str] = set()
    for path in sorted(case.folder.glob("stitched_*.dcm")):
        data = pydicom.dcmread(path)
        assert data.SOPClassUID == MRImageStorage
        assert list(data.ImageType[:2]) == ["DERIVED", "SECONDARY"]
        own = {item.ReferencedSOPInstanceUID for item in data.SourceImageSequence}
        assert own
        named |= own
        assert (data.PatientName, data.PatientID, data.StudyDate) == ("Test^Person", "7", "20240102")
        assert data.Manufacturer == "gluteal_grade"
    assert named == sources


def test_the_segmentation_lies_on_them(case: Case) -> None:
    seg = segread(case.folder / "seg.dcm")
    uids = [pydicom.dcmread(p, stop_before_pixels=True).SOPInstanceUID for p in sorted(case.folder.glob("stitched_*.dcm"))]
    values = np.asarray(seg.get_pixels_by_source_instance(uids, combine_segments=True, relabel=False))
    parts = {
        n: next(v for v, part in LABEL_VALUES.items() if str(part) == seg.get_segment_description(n).segment_label)
        for n in seg.segment_numbers
    }
    back = np.zeros_like(values, dtype=np.uint8)
    for number, value in parts.items():
        back[values == number] = value
    assert case.graded.images is not None
    labels = case.graded.images.labels.array
    np.testing.assert_array_equal(back, np.transpose(labels, (2, 1, 0))[:, ::-1, ::-1])
    assert seg.FrameOfReferenceUID == uid("one")
    for name in ("seg.dcm", "sr.dcm"):
        assert complaints(case.folder / name) == []


def test_the_same_stations_give_the_same_bytes(case: Case, tmp_path: Path) -> None:
    again = write_dicom(case.graded, case.study, tmp_path, overlay=None)
    assert {p.name: p.read_bytes() for p in again} == {p.name: p.read_bytes() for p in case.folder.iterdir()}


def test_without_the_patient_the_segmentation_still_finds_its_images(case: Case, tmp_path: Path) -> None:
    written = write_dicom(case.graded, case.study, tmp_path, overlay=None, options=DicomOptions(deidentify=True))
    images = [pydicom.dcmread(p) for p in written if p.name.startswith("stitched")]
    seg = pydicom.dcmread(tmp_path / "dicom" / "seg.dcm")
    (series,) = seg.ReferencedSeriesSequence
    assert {i.ReferencedSOPInstanceUID for i in series.ReferencedInstanceSequence} <= {i.SOPInstanceUID for i in images}
    before = {pydicom.dcmread(p).SOPInstanceUID for p in case.folder.glob("stitched_*.dcm")}
    assert {i.SOPInstanceUID for i in images} == {mapped(one) for one in before}
    assert all(i.PatientName != "Test^Person" for i in images)


def test_the_picture_is_drawn_on_the_stitched_image_and_names_it(tmp_path: Path) -> None:
    one = case_of(scan(tmp_path / "in"), tmp_path / "out", picture=True)
    capture = pydicom.dcmread(one.folder / "sc.dcm")
    with Image.open(tmp_path / "out" / "overlay_summary.png") as picture:
        np.testing.assert_array_equal(capture.pixel_array, np.asarray(picture.convert("RGB")))
    assert np.ptp(capture.pixel_array) > 100
    stitched = {pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in one.folder.glob("stitched_*.dcm")}
    assert {item.ReferencedSOPInstanceUID for item in capture.SourceImageSequence} == stitched
    assert complaints(one.folder / "sc.dcm") == []


def test_under_another_patient_they_are_other_objects(case: Case, tmp_path: Path) -> None:
    for path in scan(tmp_path / "in").iterdir():
        data = pydicom.dcmread(path)
        data.PatientID = "8"
        data.save_as(path)
    other = case_of(tmp_path / "in", tmp_path / "out")
    mine, theirs = (
        {pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in one.folder.glob("stitched_*.dcm")}
        for one in (case, other)
    )
    assert len(mine) == len(theirs) == _SLICES
    assert not mine & theirs
