"""The picture is the overlay, pixel by pixel, and names no patient."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from gluteal_grade.report.dicom.write import write_dicom
from tests.report.dicom.scanner import examined, objects


def capture(scanner: str) -> pydicom.Dataset:
    return pydicom.dcmread(objects(scanner) / "sc.dcm")


def test_pixels_are_those_of_the_overlay() -> None:
    data = capture("siemens")
    with Image.open(examined("siemens").overlay) as picture:
        assert np.array_equal(data.pixel_array, np.asarray(picture.convert("RGB")))
    assert (data.PhotometricInterpretation, data.BitsAllocated, data.SamplesPerPixel, data.PlanarConfiguration) == ("RGB", 8, 3, 0)


@pytest.mark.parametrize("scanner", ["ge", "enhanced"])
def test_it_says_what_it_is_and_of_which_images(scanner: str) -> None:
    one = examined(scanner)
    data = capture(scanner)
    assert data.ImageType[:2] == ["DERIVED", "SECONDARY"]
    assert (data.BurnedInAnnotation, data.Modality, data.ConversionType) == ("NO", "OT", "DI")
    series = next(s for s in one.study.series if s.id == one.graded.result.reference_series)
    assert {item.ReferencedSOPInstanceUID for item in data.SourceImageSequence} == set(series.sources)
    assert "Not a medical device" in data.DerivationDescription


def test_without_an_overlay_there_is_no_picture(tmp_path: Path) -> None:
    one = examined("siemens")
    assert [p.name for p in write_dicom(one.graded, one.study, tmp_path, overlay=None)] == ["seg.dcm", "sr.dcm"]
