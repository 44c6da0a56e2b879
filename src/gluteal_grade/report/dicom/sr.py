"""The numbers as a DICOM structured report: Comprehensive 3D SR by TID 1500, Measurement Report."""

from __future__ import annotations

from highdicom.sr import (
    CodedConcept,
    Comprehensive3DSR,
    DeviceObserverIdentifyingAttributes,
    LanguageOfContentItemAndDescendants,
    MeasurementReport,
    ObservationContext,
    ObserverContext,
    RelationshipTypeValues,
    TextContentItem,
)
from pydicom.sr.codedict import codes as dicom_codes

from gluteal_grade.report.dicom import codes
from gluteal_grade.report.dicom.groups import muscle_group, refusal_group
from gluteal_grade.report.dicom.seg import Segments
from gluteal_grade.report.dicom.sources import Sources
from gluteal_grade.report.dicom.stamp import MAKER, MODEL, common, stamp
from gluteal_grade.report.dicom.summary import summary
from gluteal_grade.report.dicom.uids import Identity
from gluteal_grade.result import StudyResult


def report_of(result: StudyResult, sources: Sources, segments: Segments | None, identity: Identity) -> Comprehensive3DSR:
    """The report of one result; of a refused study, its reason and what to do.

    Args:
        result: what to report.
        sources: the images of the reference series.
        segments: the segmentation that the measurements are of; None for a refused study.
        identity: of the result.
    """
    if segments is None:
        groups = [refusal_group(result, sources, identity)]
    else:
        groups = [muscle_group(m, result, sources, segments, identity) for m in result.muscles]
    device = DeviceObserverIdentifyingAttributes(
        uid=identity.uid("device"), name=MODEL, manufacturer_name=MAKER, model_name=f"{MODEL} {result.provenance.version}"
    )
    content = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=ObserverContext(dicom_codes.DCM.Device, device)),
        procedure_reported=codes.PROCEDURES.get(sources.modality, codes.PROCEDURES["MR"]),
        imaging_measurements=groups,
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(CodedConcept.from_code(codes.ENGLISH)),
    )
    # TID 1500 may be extended: the findings in words, for who reads no numbers
    content[0].ContentSequence.append(TextContentItem(codes.IMPRESSION, summary(result), RelationshipTypeValues.CONTAINS))
    evidence = [*sources.images, *([segments.data] if segments else [])]
    data = Comprehensive3DSR(
        evidence=evidence,
        content=content[0],
        is_complete=True,
        is_final=False,
        coding_schemes=None,
        specific_character_set=None,
        **common("SR", identity, result.provenance),
    )
    data.CodingSchemeIdentificationSequence = [codes.scheme_item()]
    stamp(data, sources)
    return data
