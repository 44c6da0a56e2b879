"""A reader's decisions as a DICOM structured report: Comprehensive 3D SR by TID 1500, one for each reader, read and study.

The reader is the person observer (TID 1003) by the id, which is no name. Tendons, bursae and contours have codes of our own scheme.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

from highdicom.sr import (
    CodedConcept,
    Comprehensive3DSR,
    FindingSite,
    LanguageOfContentItemAndDescendants,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    PersonObserverIdentifyingAttributes,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom.sr.codedict import codes as dicom_codes
from pydicom.sr.coding import Code

from gluteal_grade.errors import GradeError
from gluteal_grade.files import whole
from gluteal_grade.io import quiet_pydicom
from gluteal_grade.report.dicom import (
    ENGLISH,
    PROCEDURES,
    Identity,
    common,
    decision_code,
    deidentified,
    grade_code,
    muscle_code,
    not_written,
    own_code,
    scale_code,
    scheme_item,
    side_code,
    stamp_from,
    word_code,
)
from gluteal_grade.result import scales_by_key, scales_of
from gluteal_grade.review._srbasis import Basis, basis_of
from gluteal_grade.review.database import FOLDER
from gluteal_grade.review.model import NOT_ASSESSABLE, Decision, Item, Key
from gluteal_grade.review.reads import Read
from gluteal_grade.vocabulary import Muscle, Scale, Side

__all__ = ["basis_of", "reader_sr", "write_reader_sr"]

_FOLDER = "dicom"
_SERIES_NUMBER = 9100  # and the read's number, after the program's own
_COMMENT = Code("121106", "DCM", "Comment")
_QUALITY = own_code("CONTOUR_QUALITY", "Quality of the contours")
_TENDON = own_code("TENDON", "State of the tendon")
_BURSA = own_code("BURSA", "Trochanteric bursa")
_TENDON_PARTS = {
    "minimus": (Muscle.GLUTEUS_MINIMUS, own_code("TENDON_MINIMUS", "Tendon of gluteus minimus")),
    "medius_lateral": (Muscle.GLUTEUS_MEDIUS, own_code("TENDON_MEDIUS_LATERAL", "Lateral tendon of gluteus medius")),
    "medius_posterior": (Muscle.GLUTEUS_MEDIUS, own_code("TENDON_MEDIUS_POSTERIOR", "Posterior tendon of gluteus medius")),
}


def reader_sr(read: Read, basis: Basis) -> Comprehensive3DSR:
    """The report of a read; the same decisions give the same UIDs and bytes, others another instance of the same series.

    Args:
        read: with a finding at least.
        basis: of the study.

    Raises:
        RefusedInput: `dicom_not_written`.
    """
    try:
        with quiet_pydicom():
            return _report(read, basis)
    except (GradeError, MemoryError):
        raise
    except Exception as error:  # headers hold anything, and highdicom and pydicom say so in many ways
        raise not_written(f"{type(error).__name__} while making the report") from error


def write_reader_sr(out: Path, read: Read, basis: Basis) -> Path:
    """Write `OUT/review/dicom/<study>_<reader>_read<n>.dcm`.

    Raises:
        RefusedInput: `dicom_not_written`.
        TransientFailure: `output_not_writable`.
    """
    data = reader_sr(read, basis)
    path = report_path(out, read)
    with whole(path) as scratch:
        buffer = BytesIO()
        with quiet_pydicom():
            (deidentified(data) if basis.deidentify else data).save_as(buffer, enforce_file_format=True)
        scratch.write_bytes(buffer.getvalue())
    return path


def report_path(out: Path, read: Read) -> Path:
    """Where the report of a read lies."""
    return out / FOLDER / _FOLDER / f"{read.study}_{read.reader}_read{read.read}.dcm"


def _report(read: Read, basis: Basis) -> Comprehensive3DSR:
    study_uid = str(basis.images[0].StudyInstanceUID)
    identity = Identity(("gluteal_grade review", study_uid, read.study, read.reader, str(read.read)))
    person = PersonObserverIdentifyingAttributes(name=f"{read.reader}^")  # a bare word is a retired form
    content = MeasurementReport(
        observation_context=ObservationContext(observer_person_context=ObserverContext(dicom_codes.DCM.Person, person)),
        procedure_reported=PROCEDURES[basis.modality],
        imaging_measurements=list(_groups(read, basis, identity)),
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(CodedConcept.from_code(ENGLISH)),
    )
    note = read.value(Item.NOTE)
    if note:
        content[0].ContentSequence.append(TextContentItem(_COMMENT, note, RelationshipTypeValues.CONTAINS))
    arguments = common("SR", identity, basis.result.provenance, _state(read))
    data = Comprehensive3DSR(
        evidence=[*basis.images, *([basis.segmented.reference] if basis.segmented else [])],
        content=content[0],
        is_complete=read.value(Item.FINISHED) == "yes",
        is_final=False,
        specific_character_set=None,
        **arguments | {"series_number": _SERIES_NUMBER + read.read, "series_description": "gluteal_grade review"},
    )
    data.CodingSchemeIdentificationSequence = [scheme_item()]
    stamp_from(data, basis.header)
    if not note.isascii():
        data.SpecificCharacterSet = "ISO_IR 192"
    return data


def _state(read: Read) -> str:
    """A hash of the decisions, not of when or how often they were made."""
    told = sorted("\0".join((k.item, k.muscle, k.side, k.part, d.value, d.verdict)) for k, d in _decisions(read))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _decisions(read: Read) -> Iterator[tuple[Key, Decision]]:
    return ((key, row.decision) for key, row in read.rows.items())


def _groups(read: Read, basis: Basis, identity: Identity) -> Iterator[MeasurementsAndQualitativeEvaluations]:
    """One for each muscle with its grades and the quality of its contour, for each tendon, for each bursa."""
    found = {key: row.decision.value for key, row in read.findings().items()}
    graded = dict.fromkeys(key.part for key in found if key.item is Item.GRADE)
    scales = {scale.key: scale for scale in scales_by_key(graded, scales_of(basis.result))}
    for side in Side:
        for muscle in Muscle:
            own = sorted((one for one in found.items() if (one[0].muscle, one[0].side) == (muscle, side)), key=_by_part)
            told = [one for key, value in own for one in _evaluations(key, value, read.rows[key].decision.verdict, scales)]
            if told:
                yield _group((muscle, side), muscle_code(muscle), told, basis, identity)
        for part, (muscle, name) in _TENDON_PARTS.items():
            if value := found.get(Key(Item.TENDON, "", side.value, part)):
                yield _group((muscle, side), name, [_state_of(_TENDON, value)], basis, identity)
        if value := found.get(Key(Item.BURSA, "", side.value)):
            yield _group((None, side), _BURSA, [_state_of(_BURSA, value)], basis, identity)


def _by_part(one: tuple[Key, str]) -> tuple[str, str]:
    return one[0].item, one[0].part


def _evaluations(key: Key, value: str, verdict: str, scales: Mapping[str, Scale]) -> list[QualitativeEvaluation]:
    """A quality; or a grade, and whether the program's was accepted or overruled, where the reader saw one."""
    if key.item is Item.QUALITY:
        return [_state_of(_QUALITY, value)]
    scale = scales[key.part]
    grade = word_code(value) if value == NOT_ASSESSABLE else grade_code(scale, int(value))
    told = [_state_of(decision_code(scale), verdict)] if verdict else []
    return [QualitativeEvaluation(scale_code(scale), grade), *told]


def _state_of(name: Code, value: str) -> QualitativeEvaluation:
    return QualitativeEvaluation(name, word_code(value))


def _group(
    place: tuple[Muscle | None, Side], finding: Code, told: list[QualitativeEvaluation], basis: Basis, identity: Identity
) -> MeasurementsAndQualitativeEvaluations:
    muscle, side = place
    site = muscle_code(muscle) if muscle else _BURSA
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid=identity.uid("tracking", finding.value, side), identifier=f"{side} {finding.meaning}"),
        finding_type=finding,
        finding_sites=[FindingSite(site, side_code(side))],
        qualitative_evaluations=told,
        source_images=_seen(muscle, side, basis),
    )


def _seen(muscle: Muscle | None, side: Side, basis: Basis) -> list[SourceImageForMeasurementGroup]:
    """The program's outline of the muscle where there is one, else the images."""
    seg = basis.segmented
    frames = seg.frames.get((muscle.value, side.value)) if seg and muscle else None
    if seg and muscle and (frames or not seg.frames):
        return [SourceImageForMeasurementGroup(seg.reference.SOPClassUID, seg.reference.SOPInstanceUID, list(frames) if frames else None)]
    return [SourceImageForMeasurementGroup(image.SOPClassUID, image.SOPInstanceUID) for image in basis.images]
