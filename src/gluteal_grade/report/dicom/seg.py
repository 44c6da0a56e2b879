"""The labels as a DICOM Segmentation (PS3.3 A.51): one segment for each value of `labels.nii.gz`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.seg import Segmentation, SegmentationTypeValues, SegmentDescription
from pydicom.dataset import Dataset

from gluteal_grade.geometry import Array, FloatArray, Volume
from gluteal_grade.io import Frame
from gluteal_grade.pipeline import Graded, StudyImages
from gluteal_grade.report.dicom import codes
from gluteal_grade.report.dicom._outlines import Outline, outlines_of
from gluteal_grade.report.dicom.even import fill_up
from gluteal_grade.report.dicom.sources import Sources, not_written
from gluteal_grade.report.dicom.stamp import common, stamp
from gluteal_grade.report.dicom.uids import Identity
from gluteal_grade.result import SegmentationReport, StudyResult
from gluteal_grade.vocabulary import COLOURS, LABEL_VALUES, Part, Region

_RAS = np.array([-1.0, -1.0, 1.0])  # LPS to RAS+ and back
_OFF = 0.1  # voxels that an image's place may lie beside the grid, as its slices need not be exactly evenly spaced


@dataclass(frozen=True)
class Segments:
    """The segmentation, and which part lies where in it.

    Attributes:
        data: the object.
        numbers: segment number of each part.
        with_voxels: how many of its frames, the first ones, show anything (`even.fill_up`).
        outlines: each part where it is largest.
    """

    data: Segmentation
    numbers: dict[Part, int]
    with_voxels: int
    outlines: Mapping[Part, Outline]

    def frames(self, numbers: list[int]) -> list[int] | None:
        """1-based frames that show any of these segments; None for a label map, whose frames show all of them."""
        if self.data.SegmentationType == "LABELMAP":
            return None
        shared = self.data.SharedFunctionalGroupsSequence[0]
        every = self.data.PerFrameFunctionalGroupsSequence[: self.with_voxels]
        items = [item if "SegmentIdentificationSequence" in item else shared for item in every]
        shown = [int(item.SegmentIdentificationSequence[0].ReferencedSegmentNumber) for item in items]
        return [n for n, number in enumerate(shown, start=1) if number in numbers]


def segmentation_of(graded: Graded, images: StudyImages, sources: Sources, identity: Identity, *, labelmap: bool) -> Segments:
    """The labels of a result as one object, geometry and references from its images.

    Args:
        graded: the result.
        images: its labels, on the grid of the reference series.
        sources: the images of that series.
        identity: of the result.
        labelmap: as a Label Map Segmentation (PS3.3 A.51, 2023), which newer programs read faster, instead of one bit a voxel and segment.

    Raises:
        RefusedInput: `dicom_not_written`.
    """
    result = graded.result
    planes = on_planes(images.labels, sources.frames)
    parts = [LABEL_VALUES[int(value)] for value in np.unique(planes) if value]
    if not parts or result.segmentation is None:
        raise not_written("no muscle is labelled")
    renumbered = np.zeros(256, np.uint8)
    values = sorted(value for value, part in LABEL_VALUES.items() if part in parts)
    renumbered[values] = np.arange(1, len(values) + 1)
    ordered = [LABEL_VALUES[value] for value in values]
    kind = SegmentationTypeValues.LABELMAP if labelmap else SegmentationTypeValues.BINARY
    data = Segmentation(
        source_images=list(sources.images),
        pixel_array=renumbered[planes],
        segmentation_type=kind,
        segment_descriptions=[_described(n, part, result, identity) for n, part in enumerate(ordered, start=1)],
        content_label="GLUTEAL_MUSCLES",
        content_description="Gluteal muscles. Research use. Not a medical device.",
        specific_character_set=None,
        **common("SEG", identity, result.provenance),
    )
    if sources.enhanced:
        _number_frames(data, sources)
    with_voxels = int(data.NumberOfFrames)
    fill_up(data)
    organization = identity.uid("dimensions")
    for item in (*data.DimensionOrganizationSequence, *data.DimensionIndexSequence):
        item.DimensionOrganizationUID = organization
    stamp(data, sources)
    numbers = {part: n for n, part in enumerate(ordered, start=1)}
    return Segments(data, numbers, with_voxels, outlines_of(planes, sources.frames))


def tracking_id(part: Part) -> str:
    """The readable identifier of a part, the same in segmentation and report."""
    return f"gluteal_grade {part}"


def algorithm_name(report: SegmentationReport) -> str:
    """What made the labels, at most 64 ASCII characters."""
    return report.source.encode("ascii", "replace").decode()[:64]


def _described(number: int, part: Part, result: StudyResult, identity: Identity) -> SegmentDescription:
    report = result.segmentation
    assert report is not None
    algorithm = AlgorithmIdentificationSequence(
        algorithm_name(report),
        codes.NETWORK if report.automatic else codes.BY_HAND,
        result.provenance.version,
        source="gluteal_grade",
        parameters={"sha256": report.sha256, "regions": _rule(report, part)},
    )
    colour = COLOURS.get((part.muscle, part.region)) or COLOURS[part.muscle, Region.WHOLE]
    described = SegmentDescription(
        segment_number=number,
        segment_label=str(part),
        segmented_property_category=codes.CATEGORY,
        segmented_property_type=codes.muscle_code(part.muscle),
        # labels that somebody brings were drawn, corrected or at least chosen by a person
        algorithm_type="AUTOMATIC" if report.automatic else "SEMIAUTOMATIC",
        algorithm_identification=algorithm,
        tracking_uid=identity.uid("tracking", part),
        tracking_id=tracking_id(part),
        display_color=CIELabColor.from_string(colour),
    )
    described.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = codes.modifiers(part)
    return described


def _rule(report: SegmentationReport, part: Part) -> str:
    """Where the regions of a muscle come from; ``none`` for a whole one."""
    found = report.regions.get(f"{part.side} {part.muscle}", "none")
    return found.encode("ascii", "replace").decode().replace(",", ";")


def _number_frames(data: Segmentation, sources: Sources) -> None:
    """The numbers of the frames in their object, in place of those among this volume's."""
    true = [frame.index + 1 for frame in sources.frames]
    for group in data.PerFrameFunctionalGroupsSequence:
        for image in _derived_from(group):
            image.ReferencedFrameNumber = true[int(image.ReferencedFrameNumber) - 1]


def _derived_from(group: Dataset) -> list[Dataset]:
    return [image for item in group.get("DerivationImageSequence", ()) for image in item.SourceImageSequence]


def on_planes(labels: Volume, frames: tuple[Frame, ...]) -> Array:
    """(planes, rows, columns) the labels of each image, in the order of `frames`.

    Raises:
        RefusedInput: `dicom_not_written`, the images do not lie on the labels' grid.
    """
    first = frames[0].place
    origin = labels.grid.to_voxel(_ras(first.position))
    across, down = first.spacing_mm[::-1] if first.spacing_mm else (1.0, 1.0)
    column = labels.grid.to_voxel(_ras(first.position) + across * _ras(first.row_direction)) - origin
    row = labels.grid.to_voxel(_ras(first.position) + down * _ras(first.column_direction)) - origin
    row_axis, column_axis = _axis(row), _axis(column)
    if row_axis == column_axis:
        raise not_written("the images' axes are not those of the labels")
    slice_axis = 3 - row_axis - column_axis
    array = np.transpose(labels.array, (slice_axis, row_axis, column_axis))
    if array.shape[1:] != frames[0].shape:
        raise not_written("the images are larger or smaller than the labels")
    array = array[:, :: int(np.sign(row[row_axis])), :: int(np.sign(column[column_axis]))]
    _check_corner(origin, row, row_axis, labels.shape)
    _check_corner(origin, column, column_axis, labels.shape)
    return np.ascontiguousarray(array[[_slice(labels, frame, slice_axis) for frame in frames]])


def _ras(vector: tuple[float, float, float] | None) -> FloatArray:
    return np.asarray(np.asarray(vector, dtype=np.float64) * _RAS)


def _axis(step: FloatArray) -> int:
    """The array axis that one step on the image is a step along."""
    axis = int(np.argmax(np.abs(step)))
    if np.abs(np.abs(step) - np.eye(3)[axis]).max() > 1e-3:
        raise not_written("the images' pixels are not the labels' voxels")
    return axis


def _check_corner(origin: FloatArray, step: FloatArray, axis: int, shape: tuple[int, int, int]) -> None:
    expected = 0 if step[axis] > 0 else shape[axis] - 1
    if abs(origin[axis] - expected) > _OFF:
        raise not_written("the images lie beside the labels")


def _slice(labels: Volume, frame: Frame, axis: int) -> int:
    place = labels.grid.to_voxel(_ras(frame.place.position))[axis]
    index = round(float(place))
    if abs(place - index) > _OFF or not 0 <= index < labels.shape[axis]:
        raise not_written("an image lies between the labels' slices")
    return index
