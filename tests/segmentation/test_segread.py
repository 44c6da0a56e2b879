"""A DICOM Segmentation as labels: ours come back as they were, foreign ones by code or name, the rest is refused with what was found."""

from __future__ import annotations

from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.sr.coding import Code

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Grid
from gluteal_grade.io import discover
from gluteal_grade.io.study import Study
from gluteal_grade.segmentation.labelmap import LabelMapSegmenter
from gluteal_grade.segmentation.numbering import load_numbering
from gluteal_grade.segmentation.segfile import Segment
from gluteal_grade.segmentation.segparts import part_of, parts_of
from gluteal_grade.segmentation.segread import SegSegmenter
from gluteal_grade.segmentation.source import segmenter_of
from gluteal_grade.vocabulary import Muscle, Part, Region, Side, label_value
from tests.dicom_factory import uid
from tests.report.dicom.scanner import SCANNERS, examined, stack

SETTINGS = load_settings()
MAXIMUS, MEDIUS, MINIMUS = (Code(c, "SCT", m) for c, m in (("206007", "max"), ("78333006", "med"), ("75297007", "min")))
RIGHT, LEFT = Code("24028007", "SCT", "Right"), Code("7771000", "SCT", "Left")
SHAPE = (9, 7, 5)  # columns, rows, slices: 63 pixels, so that frames of one bit do not end on a byte


def grid() -> Grid:
    affine = np.diag([-2.0, -2.0, 4.0, 1.0])
    affine[:3, 3] = (8, 6, -10)
    return Grid(SHAPE, affine)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stack(tmp_path_factory.mktemp("segread") / "in", grid())


@pytest.fixture(scope="module")
def study(folder: Path) -> Study:
    (found,) = discover(folder).studies
    return found


def foreign(
    folder: Path,
    path: Path,
    segments: list[tuple[str, Code, Code | None]],
    array: np.ndarray,
    kind: str = "BINARY",
    **changes: object,
) -> Path:
    """A segmentation by somebody else: (name, property type, side) of each segment; `array` (slices, rows, columns[, segments])."""
    sources = [dcmread(file) for file in sorted(folder.glob("*.dcm"))]
    for source in sources:
        for keyword in (
            "PatientID",
            "PatientName",
            "PatientBirthDate",
            "PatientSex",
            "AccessionNumber",
            "StudyID",
            "StudyDate",
            "StudyTime",
        ):
            setattr(source, keyword, "")
    described = []
    for number, (label, code, side) in enumerate(segments, start=1):
        one = hd.seg.SegmentDescription(number, label, Code("91723000", "SCT", "Anatomical Structure"), code, "MANUAL")
        if side is not None:
            modifier = hd.sr.CodedConcept.from_code(side)
            one.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [modifier]
        described.append(one)
    data = hd.seg.Segmentation(sources, array, kind, described, uid("seg"), 5, uid("seg", 1), 1, "Maker", "Model", "1", "1")
    for keyword, value in changes.items():
        setattr(data, keyword, value)
    data.save_as(path)
    return path


def empty(segments: int = 0) -> np.ndarray:
    shape = SHAPE[::-1]
    return np.zeros(shape if not segments else (*shape, segments), np.uint8)


def refused(path: Path, study: Study, **options: object) -> RefusedInput:
    with pytest.raises(RefusedInput) as caught:
        SegSegmenter(path, **options).segment(study, ())
    return caught.value


def placed(found, value: int) -> set[tuple[int, ...]]:
    """Where a value lies, as (slice, row, column) of the stack (the grid's three axes are all those of the RAS+ grid or against them)."""
    ijk = np.argwhere(found.labels.array == value)
    back = np.rint(grid().to_voxel(found.labels.grid.to_world(ijk))).astype(int)
    return {(int(k), int(j), int(i)) for i, j, k in back}


def test_codes_tell_muscle_and_side(folder: Path, study: Study, tmp_path: Path) -> None:
    array = empty()
    array[1, 2, 3:6], array[1, 4, 0], array[4, 6, 8] = 1, 2, 3
    path = foreign(
        folder, tmp_path / "a.dcm", [("one", MEDIUS, RIGHT), ("two", MAXIMUS, LEFT), ("femur", Code("71341001", "SCT", "f"), LEFT)], array
    )
    found = SegSegmenter(path).segment(study, ())
    assert placed(found, 120) == {(1, 2, 3), (1, 2, 4), (1, 2, 5)}
    assert placed(found, 210) == {(1, 4, 0)}
    assert np.count_nonzero(found.labels.array) == 4, "other organs stay out"
    assert (found.source, found.reference.id, len(found.source_hash), found.notes) == ("dicom_seg", study.series[0].id, 64, ())
    assert not found.automatic


@pytest.mark.parametrize(
    ("label", "part"),
    [
        ("left gluteus maximus", (Muscle.GLUTEUS_MAXIMUS, Region.WHOLE, Side.LEFT)),
        ("gluteus_medius_right", (Muscle.GLUTEUS_MEDIUS, Region.WHOLE, Side.RIGHT)),
        ("GluteusMinimusLeft", (Muscle.GLUTEUS_MINIMUS, Region.WHOLE, Side.LEFT)),
        ("R Glut. Med (anterior)", (Muscle.GLUTEUS_MEDIUS, Region.ANTERIOR, Side.RIGHT)),
        ("gmin_l_post", (Muscle.GLUTEUS_MINIMUS, Region.POSTERIOR, Side.LEFT)),
        ("Tensor fasciae latae, left", (Muscle.TENSOR_FASCIAE_LATAE, Region.WHOLE, Side.LEFT)),
        ("TFL_right", (Muscle.TENSOR_FASCIAE_LATAE, Region.WHOLE, Side.RIGHT)),
        ("Gluteus maximus, right, lower part", (Muscle.GLUTEUS_MAXIMUS, Region.LOWER, Side.RIGHT)),
    ],
)
def test_names_tell_where_codes_do_not(label: str, part: tuple) -> None:
    assert part_of(Segment(1, label, ("91727004",), ())) == Part(*part)


@pytest.mark.parametrize("label", ["left femur", "vastus medius left", "musculus pectoralis minimus right", "bladder", ""])
def test_other_organs_are_none(label: str) -> None:
    assert part_of(Segment(1, label, ("71341001",), ("7771000",))) is None


@pytest.mark.parametrize(
    ("label", "types", "modifiers", "words"),
    [
        ("gluteus_minimus_left", ("78333006",), ("7771000",), "more than one muscle"),  # a published table once had this
        ("left gluteus medius", ("78333006",), ("24028007",), "more than one side"),
        ("gluteus medius", ("78333006",), (), "tells the side"),
    ],
)
def test_doubt_is_refused_and_named(label: str, types: tuple, modifiers: tuple, words: str) -> None:
    with pytest.raises(RefusedInput) as caught:
        part_of(Segment(4, label, types, modifiers))
    assert caught.value.reason is Reason.LABELS_NUMBERING
    assert words in caught.value.detail
    assert label in caught.value.detail


def test_a_tensor_without_a_side_is_left_out_and_alone_is_no_gluteus() -> None:
    assert part_of(Segment(1, "tensor fascia lata", (), ())) is None
    with pytest.raises(RefusedInput, match="no segment is known"):
        parts_of((Segment(1, "TFL left", (), ()),))


def test_the_tensor_by_its_code_takes_nothing_from_a_gluteus(folder: Path, study: Study, tmp_path: Path) -> None:
    array = empty(2)
    array[1, 2, 3:6, 0] = 1  # medius, and the tensor drawn over its end
    array[1, 2, 5:8, 1] = 1
    tensor = Code("7:808", "MDC", "Musculus tensor fasciae latae")
    found = SegSegmenter(foreign(folder, tmp_path / "a.dcm", [("a", MEDIUS, RIGHT), ("b", tensor, RIGHT)], array)).segment(study, ())
    assert placed(found, 120) == {(1, 2, 3), (1, 2, 4), (1, 2, 5)}
    assert placed(found, 140) == {(1, 2, 6), (1, 2, 7)}
    assert found.notes == ()


def test_unknown_segments_are_refused_with_their_names(folder: Path, study: Study, tmp_path: Path) -> None:
    array = empty()
    array[2, 2, 2], array[2, 3, 2] = 1, 2
    tumour = Code("108369006", "SCT", "Neoplasm")
    error = refused(foreign(folder, tmp_path / "a.dcm", [("tumour A", tumour, None), ("oedema", tumour, None)], array), study)
    assert error.reason is Reason.LABELS_NUMBERING
    assert "'tumour A', 'oedema'" in error.detail


def test_a_named_numbering_reads_segment_numbers(folder: Path, study: Study, tmp_path: Path) -> None:
    numbering = load_numbering("totalsegmentator_mr")
    number, part = next(iter(sorted(numbering.parts().items())))
    segments = [(f"s{n}", Code("108369006", "SCT", "x"), None) for n in range(1, number + 1)]
    array = empty()
    array[3, 1, 1], array[3, 5, 5] = number, 1
    path = foreign(folder, tmp_path / "a.dcm", segments, array)
    found = segmenter_of(SETTINGS, path, labelmap="totalsegmentator_mr").segment(study, ())
    assert placed(found, label_value(part)) == {(3, 1, 1)}
    assert np.count_nonzero(found.labels.array) == 1
    assert found.source == "dicom_seg:totalsegmentator_mr"


@pytest.mark.parametrize("most", [255, 200])
def test_fractions_count_from_a_half(most: int, folder: Path, study: Study, tmp_path: Path) -> None:
    array = np.zeros((*SHAPE[::-1], 1), np.float32)
    array[2, 3, 1:5, 0] = (0.2, 0.49, 0.51, 1.0)
    path = foreign(folder, tmp_path / "a.dcm", [("x", MINIMUS, LEFT)], array, "FRACTIONAL")
    if most != 255:
        data = dcmread(path)
        data.MaximumFractionalValue = most
        data.save_as(path)
    found = SegSegmenter(path).segment(study, ())
    expected = {(2, 3, 3), (2, 3, 4)} | ({(2, 3, 2)} if most == 200 else set())  # 0.49 of 255 is 0.62 of 200
    assert placed(found, 230) == expected


def test_of_two_segments_the_later_has_the_voxel(folder: Path, study: Study, tmp_path: Path) -> None:
    array = empty(2)
    array[2, 3, 1:5, 0], array[2, 3, 4:7, 1] = 1, 1
    found = SegSegmenter(foreign(folder, tmp_path / "a.dcm", [("x", MEDIUS, LEFT), ("y", MINIMUS, LEFT)], array)).segment(study, ())
    assert placed(found, 220) == {(2, 3, 1), (2, 3, 2), (2, 3, 3)}
    assert placed(found, 230) == {(2, 3, 4), (2, 3, 5), (2, 3, 6)}
    assert [note.detail for note in found.notes] == ["1 voxels lie in two segments; the later one has them"]


def test_label_map_segmentations(folder: Path, study: Study, tmp_path: Path) -> None:
    array = empty()
    array[0, 1, 2], array[4, 6, 8] = 1, 2
    found = SegSegmenter(foreign(folder, tmp_path / "a.dcm", [("x", MEDIUS, LEFT), ("y", MEDIUS, RIGHT)], array, "LABELMAP")).segment(
        study, ()
    )
    assert placed(found, 220) == {(0, 1, 2)}
    assert placed(found, 120) == {(4, 6, 8)}


def test_another_grid_is_refused(folder: Path, study: Study, tmp_path: Path) -> None:
    array = empty()
    array[2, 3, 4] = 1
    path = foreign(folder, tmp_path / "a.dcm", [("x", MEDIUS, LEFT)], array)
    data = dcmread(path)
    data.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0].ImagePositionPatient[0] += 1.0
    data.save_as(tmp_path / "moved.dcm")
    assert refused(tmp_path / "moved.dcm", study).reason is Reason.LABELS_GEOMETRY
    data = dcmread(path)
    data.FrameOfReferenceUID = uid("elsewhere")
    data.save_as(tmp_path / "space.dcm")
    error = refused(tmp_path / "space.dcm", study)
    assert error.reason is Reason.LABELS_GEOMETRY
    assert "frame of reference" in error.detail
    data = dcmread(path)
    data.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [2.0, 2.1]
    data.save_as(tmp_path / "spacing.dcm")
    assert refused(tmp_path / "spacing.dcm", study).reason is Reason.LABELS_GEOMETRY


def test_empty_segments_are_refused(folder: Path, study: Study, tmp_path: Path) -> None:
    assert refused(foreign(folder, tmp_path / "a.dcm", [("x", MEDIUS, LEFT)], empty()), study).reason is Reason.LABELS_EMPTY


def test_damage_is_refused(folder: Path, study: Study, tmp_path: Path) -> None:
    array = empty()
    array[:, 3, 4] = 1
    path = foreign(folder, tmp_path / "a.dcm", [("x", MEDIUS, LEFT)], array)
    whole = path.read_bytes()
    for length in (len(whole) - 12, 900, 200):
        (tmp_path / "b.dcm").write_bytes(whole[:length])
        assert refused(tmp_path / "b.dcm", study).reason is Reason.LABELS_UNREADABLE, length


def test_a_folder_with_one_segmentation(folder: Path, study: Study, tmp_path: Path) -> None:
    array = empty()
    array[2, 3, 4] = 1
    inside = tmp_path / "dicom"
    inside.mkdir()
    (inside / "notes.txt").write_text("no image")
    assert "no DICOM segmentations" in refused(inside, study).detail
    foreign(folder, inside / "a.dcm", [("x", MEDIUS, LEFT)], array)
    assert placed(segmenter_of(SETTINGS, inside).segment(study, ()), 220) == {(2, 3, 4)}
    foreign(folder, inside / "b.dcm", [("x", MEDIUS, LEFT)], array)
    error = refused(inside, study)
    assert error.reason is Reason.LABELS_UNREADABLE
    assert "2 DICOM" in error.detail


def test_what_reads_the_labels(folder: Path, tmp_path: Path) -> None:
    path = foreign(folder, tmp_path / "labels", [("x", MEDIUS, LEFT)], empty())
    assert isinstance(segmenter_of(SETTINGS, path), SegSegmenter), "by content, not by name"
    assert isinstance(segmenter_of(SETTINGS, folder / "000.dcm"), LabelMapSegmenter), "an image is no segmentation"
    assert isinstance(segmenter_of(SETTINGS, tmp_path / "gone.nii.gz"), LabelMapSegmenter)


@pytest.mark.long
@pytest.mark.parametrize("scanner", SCANNERS)
@pytest.mark.parametrize("labelmap", [False, True], ids=["binary", "labelmap"])
def test_our_own_come_back_as_they_were(scanner: str, labelmap: bool, tmp_path: Path) -> None:
    from gluteal_grade.report.dicom.write import DicomOptions, write_dicom

    one = examined(scanner)
    seg = write_dicom(one.graded, one.study, tmp_path, overlay=None, options=DicomOptions(labelmap=labelmap))[0]
    series = next(s for s in one.study.series if s.id == one.graded.result.reference_series)
    found = segmenter_of(SETTINGS, seg).segment(one.study, (series,))
    assert one.graded.images is not None
    assert np.array_equal(found.labels.array, one.graded.images.labels.array)
    assert np.array_equal(found.labels.affine, one.graded.images.labels.affine)
    assert found.reference == series
    assert found.notes == ()
