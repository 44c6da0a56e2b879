"""The printed report as an Encapsulated PDF (PS3.3 A.45.1)."""

from __future__ import annotations

import hashlib

from highdicom.base import SOPClass
from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from gluteal_grade.report.dicom.sources import Sources
from gluteal_grade.report.dicom.stamp import common, reference, stamp
from gluteal_grade.report.dicom.uids import Identity
from gluteal_grade.result import StudyResult

_TITLE = ("18748-4", "LN", "Diagnostic imaging study")  # CID 7020


def encapsulated(pdf: bytes, result: StudyResult, sources: Sources, identity: Identity, *, identified: bool = False) -> SOPClass:
    """A PDF as an object of the study.

    Args:
        pdf: the file.
        result: what it reports.
        sources: the images it was made of.
        identity: of the result.
        identified: its pages name the patient; else they show no name, number or date of one.
    """
    data = SOPClass(
        study_instance_uid=sources.study_uid,
        sop_class_uid=EncapsulatedPDFStorage,
        modality="DOC",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **common("PDF", identity, result.provenance, hashlib.sha256(pdf).hexdigest()),
    )
    data.ConversionType = "WSD"
    data.AcquisitionDateTime = ""
    data.BurnedInAnnotation = "YES" if identified else "NO"
    data.RecognizableVisualFeatures = "NO"
    data.SourceInstanceSequence = [reference(image, sources) for image in sources.images]
    data.DocumentTitle = "Fatty atrophy of the gluteal muscles. Research use."
    title = Dataset()
    title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning = _TITLE
    data.ConceptNameCodeSequence = [title]
    data.MIMETypeOfEncapsulatedDocument = "application/pdf"
    data.EncapsulatedDocumentLength = len(pdf)
    data.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    stamp(data, sources)
    return data
