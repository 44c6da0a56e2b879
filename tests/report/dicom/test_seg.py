"""Segments lie where the labels lie, in every orientation; they say what they are."""

import tempfile
from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from hypothesis import given, settings
from PIL import ImageColor
from pydicom import dcmread

from gluteal_grade.geometry import Grid, Volume, affine_from_lps
from gluteal_grade.segmentation.segread import SegSegmenter
from gluteal_grade.vocabulary import COLOURS, GLUTEI, LABEL_VALUES, Muscle, Part, Region, Side, label_value
from tests.report.dicom.scanner import SCANNERS, examined, objects, segments_on, stack
from tests.strategies import grids

VALUES = sorted(LABEL_VALUES)
ORIENTATIONS = {
    "axial": (np.diag([-1.0, -1, 1]), (2.0, 2.0, 5.0)),
    "axial, feet first": (np.diag([-1.0, -1, -1]), (2.0, 2.0, 5.0)),
    "flipped columns": (np.diag([1.0, -1, 1]), (2.0, 2.0, 5.0)),
    "coronal": (np.array([[-1.0, 0, 0], [0, 0, 1], [0, -1, 0]]), (1.5, 1.5, 6.0)),
    "sagittal": (np.array([[0, 0, 1.0], [-1, 0, 0], [0, -1, 0]]), (1.0, 3.0, 4.0)),
    "anisotropic": (np.diag([-1.0, -1, 1]), (0.7, 2.9, 9.0)),
}


def turned(matrix: np.ndarray, degrees: tuple[float, float, float]) -> np.ndarray:
    for axis, angle in enumerate(np.radians(degrees)):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        one = np.eye(3)
        one[i, i], one[i, j], one[j, i], one[j, j] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
        matrix = one @ matrix
    return matrix


def random_labels(grid: Grid, seed: int, some: int = 5) -> Volume:
    """Noise of some label values on a grid turned to RAS+, with empty planes and segments that miss planes."""
    rng = np.random.default_rng(seed)
    plain = Volume(np.zeros(grid.shape, np.uint8), grid.affine).to_ras()
    values = rng.choice(VALUES, some, replace=False)
    array = np.where(rng.random(plain.shape) < 0.3, rng.choice(values, plain.shape), 0).astype(np.uint8)
    array[0] = 0
    if not array.any():
        array[-1, -1, -1] = values[0]
    return Volume(array, plain.affine)


def volumes(path: Path) -> dict[str, Volume]:
    """Each segment as highdicom reads it, as a RAS+ mask; planes that are not stored are empty."""
    seg = hd.seg.segread(path)
    found = {}
    for number in seg.segment_numbers:
        stored = seg.get_volume(segment_numbers=[number], combine_segments=False, rescale_fractional=False)
        mask = np.asarray(stored.array)[..., 0] > 0
        described = seg.get_segment_description(number)
        found[described.SegmentLabel] = Volume(mask, affine_from_lps(stored.affine))
    return found


def same_place(one: Volume, other: Volume) -> None:
    """The same voxels are set, in patient space."""
    places = [v.grid.to_world(np.argwhere(v.array)) for v in (one, other)]
    assert len(places[0]) == len(places[1]) > 0
    ordered = [p[np.lexsort(np.round(p, 1).T)] for p in places]
    assert np.abs(ordered[0] - ordered[1]).max() < 0.02
    assert np.linalg.norm(one.centroid_mm() - other.centroid_mm()) < 1e-2


def check_on(grid: Grid, labels: Volume, folder: Path, *, labelmap: bool = False) -> None:
    segments, study = segments_on(stack(folder / "in", grid), labels, labelmap=labelmap)
    segments.data.save_as(folder / "seg.dcm")
    read = SegSegmenter(folder / "seg.dcm").segment(study, ())
    assert np.array_equal(read.labels.array, labels.array)
    assert read.labels.grid.matches(labels.grid, 0.02)
    if labelmap:
        return
    stored = volumes(folder / "seg.dcm")
    assert set(stored) == {str(LABEL_VALUES[int(v)]) for v in np.unique(labels.array) if v}
    for name, mask in stored.items():
        value = next(v for v, part in LABEL_VALUES.items() if str(part) == name)
        if np.count_nonzero(mask.array.any(axis=(1, 2))) > 0:
            same_place(mask, labels.with_array(labels.array == value))


@pytest.mark.long
@given(grid=grids(shape=(7, 6, 5)))
@settings(max_examples=15)
def test_any_grid(grid: Grid) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_on(grid, random_labels(grid, 1), Path(folder))


@pytest.mark.parametrize("tilt", [(0, 0, 0), (14, -9, 6)], ids=["straight", "oblique"])
@pytest.mark.parametrize("name", ORIENTATIONS)
@pytest.mark.parametrize("labelmap", [False, True], ids=["binary", "labelmap"])
def test_planes_and_flips(name: str, tilt: tuple[float, float, float], labelmap: bool, tmp_path: Path) -> None:
    matrix, spacing = ORIENTATIONS[name]
    affine = np.eye(4)
    affine[:3, :3] = turned(matrix, tilt) @ np.diag(spacing)
    affine[:3, 3] = (40, -70, 15)
    grid = Grid((9, 8, 6), affine)
    check_on(grid, random_labels(grid, 2), tmp_path, labelmap=labelmap)


@pytest.mark.parametrize("shape", [(9, 7, 5), (7, 5, 11), (8, 8, 5)], ids=str)
def test_no_byte_is_left_over(shape: tuple[int, int, int], tmp_path: Path) -> None:
    """OHIF 3.13 shows no segmentation whose bits end on an odd byte, so that one that belongs to no frame follows them."""
    grid = Grid(shape, np.diag([-2.0, -2, 5, 1]))
    labels = random_labels(grid, 3)
    for index, value in enumerate(v for v in np.unique(labels.array) if v):  # each is missing in a plane, as muscles are
        labels.array[:, :, index % shape[2]][labels.array[:, :, index % shape[2]] == value] = 0
    check_on(grid, labels, tmp_path)
    segments, _ = segments_on(tmp_path / "in", labels)
    data = segments.data
    bits = data.Rows * data.Columns * data.NumberOfFrames
    assert len(data.PixelData) == -(-bits // 8)
    assert len(data.PixelData) % 2 == 0
    assert len(data.PerFrameFunctionalGroupsSequence) == data.NumberOfFrames
    shown = {(int(v), z) for z in range(shape[2]) for v in np.unique(labels.array[:, :, z]) if v}
    assert segments.with_voxels == len(shown)
    assert segments.frames(list(segments.numbers.values())) == list(range(1, len(shown) + 1))
    index = [tuple(g.FrameContentSequence[0].DimensionIndexValues) for g in data.PerFrameFunctionalGroupsSequence]
    assert len(set(index)) == len(index)


@pytest.mark.parametrize("scanner", SCANNERS)
def test_right_stays_right(scanner: str) -> None:
    """Against the anatomy of the toy, not against labels that may have been turned with the images."""
    one = examined(scanner)
    stored = volumes(objects(scanner) / "seg.dcm")
    for part in {LABEL_VALUES[int(v)] for v in np.unique(one.graded.images.labels.array) if v}:
        centroid = stored[str(part)].centroid_mm()
        assert (centroid[0] > 0) == (part.side is Side.RIGHT)
        truth = one.toy.labels.with_array(one.toy.labels.array // 10 == label_value(part) // 10)
        assert np.linalg.norm((centroid - truth.centroid_mm())[1]) < 40  # regions lie within their muscle
    for muscle in GLUTEI:
        for side in Side:
            whole = [stored[name] for name in stored if name.startswith(str(Part(muscle, Region.WHOLE, side)))]
            points = np.concatenate([v.grid.to_world(np.argwhere(v.array)) for v in whole])
            truth = one.toy.labels.with_array(one.toy.labels.array // 10 == label_value(Part(muscle, Region.WHOLE, side)) // 10)
            assert points.mean(axis=0) == pytest.approx(truth.centroid_mm(), abs=0.01)
            assert len(points) == np.count_nonzero(truth.array)


def test_segments_say_what_they_are() -> None:
    one = examined("siemens")
    data = dcmread(objects("siemens") / "seg.dcm")
    values = [int(v) for v in np.unique(one.graded.images.labels.array) if v]
    assert [s.SegmentLabel for s in data.SegmentSequence] == [str(LABEL_VALUES[v]) for v in values]
    codes = {"maximus": "206007", "medius": "78333006", "minimus": "75297007"}
    for segment in data.SegmentSequence:
        words = segment.SegmentLabel.split()
        kind = segment.SegmentedPropertyTypeCodeSequence[0]
        assert (kind.CodeValue, kind.CodingSchemeDesignator) == (codes[words[2]], "SCT")
        side = kind.SegmentedPropertyTypeModifierCodeSequence[0]
        assert side.CodeValue == {"right": "24028007", "left": "7771000"}[words[0]]
        assert segment.SegmentedPropertyCategoryCodeSequence[0].CodeValue == "91723000"
        assert segment.SegmentAlgorithmType == "SEMIAUTOMATIC"
        assert "0" * 64 in segment.SegmentationAlgorithmIdentificationSequence[0].AlgorithmParameters
        assert segment.TrackingUID.startswith("2.25.")
    minimus = next(s for s in data.SegmentSequence if s.SegmentLabel == "left gluteus minimus (posterior)")
    lab = hd.color.CIELabColor.from_dicom_value(minimus.RecommendedDisplayCIELabValue)
    assert lab.to_rgb(clip=True) == pytest.approx(ImageColor.getrgb(COLOURS[Muscle.GLUTEUS_MINIMUS, Region.POSTERIOR]), abs=2)
    modifiers = minimus.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence
    assert [m.CodeMeaning for m in modifiers] == ["Left", "Posterior"]


def test_references_lead_to_the_images_beneath() -> None:
    one = examined("ge")
    data = dcmread(objects("ge") / "seg.dcm")
    series = next(s for s in one.study.series if s.id == one.graded.result.reference_series)
    assert data.ReferencedSeriesSequence[0].SeriesInstanceUID == series.uid
    assert data.FrameOfReferenceUID == series.frame_of_reference
    positions = {}
    for file in one.study.files:
        header = dcmread(file.open(), stop_before_pixels=True)
        positions[header.SOPInstanceUID] = [float(v) for v in header.ImagePositionPatient]
    for group in data.PerFrameFunctionalGroupsSequence:
        (image,) = group.DerivationImageSequence[0].SourceImageSequence
        assert image.ReferencedSOPInstanceUID in series.sources
        assert group.PlanePositionSequence[0].ImagePositionPatient == pytest.approx(positions[image.ReferencedSOPInstanceUID], abs=1e-6)


def test_frames_of_an_enhanced_object_are_those_of_the_volume() -> None:
    one = examined("enhanced")
    data = dcmread(objects("enhanced") / "seg.dcm")
    source = dcmread(one.study.files[0].open())
    used = set()
    for group in data.PerFrameFunctionalGroupsSequence:
        (image,) = group.DerivationImageSequence[0].SourceImageSequence
        assert image.ReferencedSOPInstanceUID == source.SOPInstanceUID
        frame = source.PerFrameFunctionalGroupsSequence[int(image.ReferencedFrameNumber) - 1]
        used.add(frame.MRImageFrameTypeSequence[0].FrameType[2])
        assert list(frame.PlanePositionSequence[0].ImagePositionPatient) == pytest.approx(
            list(group.PlanePositionSequence[0].ImagePositionPatient), abs=1e-6
        )
    assert used == {"W"}, "the labels belong to the water images"
