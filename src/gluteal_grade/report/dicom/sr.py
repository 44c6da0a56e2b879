"""The numbers as a DICOM structured report: Comprehensive 3D SR by TID 1500, Measurement Report."""

from __future__ import annotations

import math

from highdicom.sr import (
    CodedConcept,
    Comprehensive3DSR,
    ContainerContentItem,
    DeviceObserverIdentifyingAttributes,
    LanguageOfContentItemAndDescendants,
    MeasurementReport,
    ObservationContext,
    ObserverContext,
    RelationshipTypeValues,
    TextContentItem,
)
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.sr.codedict import codes as dicom_codes

from gluteal_grade.report.dicom import codes
from gluteal_grade.report.dicom._groups import muscle_group, not_there, refusal_group
from gluteal_grade.report.dicom.seg import Segments
from gluteal_grade.report.dicom.sources import Sources
from gluteal_grade.report.dicom.stamp import MAKER, MODEL, common, stamp
from gluteal_grade.report.dicom.uids import Identity
from gluteal_grade.result import MuscleResult, MuscleStatus, StudyResult, primary_of
from gluteal_grade.vocabulary import Part, Region, Scale, Side, method_words

_CONTENT = tag_for_keyword("ContentSequence")


def report_of(result: StudyResult, sources: Sources, segments: Segments | None, identity: Identity) -> Comprehensive3DSR:
    """The report of one result; of a refused study, its reason and what to do.

    Args:
        result: what to report.
        sources: the images of the reference series.
        segments: the segmentation that the measurements are of; None for a refused study.
        identity: of the result.
    """
    absent: list[MuscleResult] = []
    if segments is None:
        groups = [refusal_group(result, sources, identity)]
    else:
        absent = [m for m in result.muscles if math.isnan(m.volume_ml) and Part(m.muscle, m.region, m.side) not in segments.outlines]
        groups = [muscle_group(m, result, sources, segments, identity) for m in result.muscles if m not in absent]
    device = DeviceObserverIdentifyingAttributes(
        uid=identity.uid("device"), name=MODEL, manufacturer_name=MAKER, model_name=f"{MODEL} {result.provenance.version}"
    )
    content = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=ObserverContext(dicom_codes.DCM.Device, device)),
        procedure_reported=codes.PROCEDURES.get(sources.modality, codes.PROCEDURES["MR"]),
        imaging_measurements=groups,
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(CodedConcept.from_code(codes.ENGLISH)),
    )
    if absent:
        content[0].ContentSequence.append(_evaluations(absent))
    # TID 1500 may be extended: the findings in words, for who reads no numbers
    content[0].ContentSequence.append(TextContentItem(codes.IMPRESSION, summary(result), RelationshipTypeValues.CONTAINS))
    evidence = [*sources.images, *([segments.data] if segments else [])]
    data = Comprehensive3DSR(
        evidence=evidence,
        content=_root(content[0]),
        is_complete=True,
        is_final=False,
        coding_schemes=None,
        specific_character_set=None,
        **common("SR", identity, result.provenance),
    )
    data.ContentSequence = content[0].ContentSequence
    data.CodingSchemeIdentificationSequence = [codes.scheme_item()]
    stamp(data, sources)
    return data


def _evaluations(absent: list[MuscleResult]) -> ContainerContentItem:
    """Status and reason of muscles that are not there (TID 1500, row 12)."""
    container = ContainerContentItem(codes.EVALUATIONS, relationship_type=RelationshipTypeValues.CONTAINS)
    container.ContentSequence = Sequence([item for m in absent for item in not_there(m)])
    return container


def _root(content: Dataset) -> Dataset:
    """The root of a tree without what hangs on it: highdicom copies the tree it is given, and that takes longer than all the rest."""
    root = Dataset()
    root.update({tag: element for tag, element in content.items() if tag != _CONTENT})
    root.ContentSequence = []
    return root


def summary(result: StudyResult) -> str:
    """Three to six lines: fat and primary grade of each muscle, what to look at, the disclaimer."""
    if result.refusal is not None:
        refusal = result.refusal
        why = f"Not graded ({refusal.reason.value}): {refusal.detail}".rstrip(": ")
        return _text((f"{why}.", refusal.advice, result.disclaimer))
    whole = [m for m in result.muscles if m.region is Region.WHOLE]
    method = method_words(result.fat.method) if result.fat else "nothing"
    scale = primary_of(result)
    lines = [f"Intramuscular fat of the gluteal muscles by {method}; {scale.plain_title} grade 0-{scale.highest} behind each."]
    for side in (Side.RIGHT, Side.LEFT):
        found = [m for m in whole if m.side is side and not (m.muscle.optional and m.status is MuscleStatus.MISSING)]
        told = "not labelled" if all(m.status is MuscleStatus.MISSING for m in found) else "; ".join(_muscle(m, scale) for m in found)
        lines.append(f"{side.capitalize()}: {told}.")
    doubtful = [_name(m) for m in whole if m.status is MuscleStatus.NEEDS_REVIEW]
    cut = [_name(m) for m in whole if m.cut_at]
    remarks = [f"Needs review: {', '.join(doubtful)}."] if doubtful else []
    remarks += [f"Partly in view: {', '.join(cut)}."] if cut else []
    metal = [str(m.side) for m in result.metal if m.present]
    remarks += [f"Metal: {' and '.join(metal)} hip."] if metal else []
    if remarks:
        lines.append(" ".join(remarks))
    automatic = result.segmentation is not None and result.segmentation.automatic
    lines.append("Outlines by a neural network: look at them." if automatic else "Outlines were given to the program.")
    return _text((*lines, result.disclaimer))


def _muscle(m: MuscleResult, scale: Scale) -> str:
    name = m.muscle.short
    if math.isnan(m.fat_fraction):
        return f"{name} {'not labelled' if m.status is MuscleStatus.MISSING else 'not gradable'}"
    return f"{name} {100 * m.fat_shown.value:.1f} % ({m.grade(scale.key)})"


def _name(m: MuscleResult) -> str:
    return f"{m.side} {m.muscle.short}"


def _text(lines: tuple[str, ...]) -> str:
    """Lines end in CR LF in a DICOM text."""
    return "\r\n".join(lines).encode("ascii", "replace").decode()
