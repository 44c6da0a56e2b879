"""The page to check a study by as a Secondary Capture, for viewers that show neither segmentation nor report."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from highdicom.sc import SCImage
from PIL import Image

from gluteal_grade.report.dicom.sources import Sources
from gluteal_grade.report.dicom.stamp import common, reference, stamp
from gluteal_grade.report.dicom.uids import Identity
from gluteal_grade.result import StudyResult


def capture_of(overlay: Path, result: StudyResult, sources: Sources, identity: Identity, *, identified: bool = False) -> SCImage:
    """A picture file (PNG, `overlay_summary.png`) as an RGB image of the study.

    Args:
        overlay: the file.
        result: what it shows.
        sources: the images it was made of.
        identity: of the result.
        identified: the picture names the patient; else it shows no name, number or date of one.
    """
    with Image.open(overlay) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    data = SCImage(
        pixel_array=pixels,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "P"),
        study_instance_uid=sources.study_uid,
        patient_id="",
        patient_birth_date="",
        patient_sex="",
        accession_number="",
        study_id="",
        study_date="",
        study_time="",
        **common("SC", identity, result.provenance, hashlib.sha256(pixels.tobytes()).hexdigest()),
    )
    data.PatientOrientation = []  # the page shows several slices and a table
    data.BodyPartExamined = "PELVIS"
    data.ImageType = ["DERIVED", "SECONDARY"]
    data.BurnedInAnnotation = "YES" if identified else "NO"  # slices and numbers alone identify nobody (PS3.3 C.7.6.1)
    data.RecognizableVisualFeatures = "NO"
    data.DerivationDescription = "Contours of the gluteal muscles, fat map and grades. Research use. Not a medical device."
    data.SourceImageSequence = [reference(image, sources) for image in sources.images]
    stamp(data, sources)
    return data
