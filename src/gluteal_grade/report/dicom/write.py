"""The DICOM objects of one result, each written under another name and renamed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from pydicom.dataset import Dataset

from gluteal_grade.errors import GradeError, not_writable
from gluteal_grade.io import Study, quiet_pydicom
from gluteal_grade.pipeline import Graded
from gluteal_grade.report.dicom.deidentify import deidentified
from gluteal_grade.report.dicom.fatmap import fat_images
from gluteal_grade.report.dicom.pdf import encapsulated
from gluteal_grade.report.dicom.revision import revision_of
from gluteal_grade.report.dicom.sc import capture_of
from gluteal_grade.report.dicom.seg import segmentation_of
from gluteal_grade.report.dicom.sources import Sources, not_written, sources_of
from gluteal_grade.report.dicom.sr import report_of
from gluteal_grade.report.dicom.stitched import Stitched, stitched_of
from gluteal_grade.report.dicom.uids import Identity, identity_of
from gluteal_grade.report.layout import DICOM, FAT_MAP, STITCHED

SEG, SR, SC, PDF = "seg.dcm", "sr.dcm", "sc.dcm", "pdf.dcm"


@dataclass(frozen=True)
class DicomOptions:
    """What to write.

    Attributes:
        labelmap: the segmentation as a Label Map Segmentation instead of one bit a voxel and segment.
        refused: of a refused study, a report that tells why.
        identified: the picture names the patient.
        deidentify: without patient, dates and UIDs of the source, see `deidentify`.
        pdf: the printed report, to be encapsulated; None: no `pdf.dcm`.
        fat_map: the fat map too, as a series with one image a slice.
        replaces: the study's folder as it is before this result replaces it; None: nothing is replaced.
    """

    labelmap: bool = False
    refused: bool = False
    identified: bool = False
    deidentify: bool = False
    pdf: bytes | None = None
    fat_map: bool = False
    replaces: Path | None = None


_DEFAULT = DicomOptions()


def write_dicom(graded: Graded, study: Study, folder: Path, *, overlay: Path | None, options: DicomOptions = _DEFAULT) -> tuple[Path, ...]:
    """Write `folder/dicom/`: `seg.dcm`, `sr.dcm`, `sc.dcm` where there is an overlay, of stitched stations the image, `stitched_*.dcm`;
    what options ask for: `pdf.dcm`, `fat_*.dcm`.

    The objects belong to the patient and the study of the images. The same result gives the same bytes.

    Args:
        graded: the result.
        study: the study it is of, as discovery found it.
        folder: the study's output folder; it exists.
        overlay: `overlay_summary.png`; None for no picture.
        options: what to write.

    Returns:
        the files; none for a refused study unless the options ask for its report.

    Raises:
        RefusedInput: `dicom_not_written`: NIfTI, or headers that give no valid object. Nothing is written then.
        TransientFailure: `read_failed`, `output_not_writable`.
    """
    measured = graded.images is not None and graded.result.refusal is None
    if not measured and not options.refused:
        return ()
    derived = _stitched(graded, study)
    sources = derived.sources if derived else sources_of(study, graded.result.reference_series if measured else None)
    try:
        with quiet_pydicom():
            made = _objects(graded, sources, overlay, options)
            for number, image in enumerate(derived.images if derived else (), start=1):
                made[STITCHED.replace("*", f"{number:04d}")] = image
            encoded = {name: _encoded(data, options) for name, data in made.items()}
    except (GradeError, MemoryError):
        raise
    except Exception as error:  # headers hold anything, and highdicom and pydicom say so in many ways
        raise not_written(f"{type(error).__name__} while making the objects") from error
    return _save(encoded, folder / DICOM)


def _stitched(graded: Graded, study: Study) -> Stitched | None:
    """The image that was measured, where it is one of several stations: it has no DICOM series yet."""
    if graded.images is None or graded.result.refusal is not None:
        return None
    series = next((s for s in study.series if s.id == graded.result.reference_series), None)
    if series is None or not series.stations:
        return None
    with quiet_pydicom():
        return stitched_of(study, series, graded.images.image, graded.result.provenance)


def _encoded(data: Dataset, options: DicomOptions) -> bytes:
    if options.deidentify:
        data = deidentified(data)
    buffer = BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _objects(graded: Graded, sources: Sources, overlay: Path | None, options: DicomOptions) -> dict[str, Dataset]:
    identity = identity_of(graded, sources, "labelmap" if options.labelmap else "binary")
    # de-identified UIDs are mapped: what they replace cannot be named by those of the source
    earlier = options.replaces / DICOM / SR if options.replaces is not None and not options.deidentify else None
    revision = revision_of(identity, sources.header, earlier)
    objects = _made(graded, sources, overlay, options, revision.identity)
    revision.mark(objects.values())
    return objects


def _made(graded: Graded, sources: Sources, overlay: Path | None, options: DicomOptions, identity: Identity) -> dict[str, Dataset]:
    if graded.images is None or graded.result.refusal is not None:
        return {SR: report_of(graded.result, sources, None, identity)}
    segments = segmentation_of(graded, graded.images, sources, identity, labelmap=options.labelmap)
    objects: dict[str, Dataset] = {SEG: segments.data, SR: report_of(graded.result, sources, segments, identity)}
    if overlay is not None:
        objects[SC] = capture_of(overlay, graded.result, sources, identity, identified=options.identified)
    if options.pdf is not None:
        objects[PDF] = encapsulated(options.pdf, graded.result, sources, identity, identified=options.identified)
    if options.fat_map:
        made = fat_images(graded.images, graded.result, sources, identity)
        objects |= {FAT_MAP.replace("*", f"{n:03d}"): data for n, data in enumerate(made, start=1)}
    return objects


def _save(encoded: dict[str, bytes], folder: Path) -> tuple[Path, ...]:
    paths = []
    scratch = folder / f".{uuid.uuid4().hex[:8]}.partial"
    try:
        folder.mkdir(exist_ok=True)
        try:
            for name, content in encoded.items():
                scratch.write_bytes(content)
                paths.append(scratch.replace(folder / name))
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as error:
        raise not_writable(error) from error
    return tuple(paths)
