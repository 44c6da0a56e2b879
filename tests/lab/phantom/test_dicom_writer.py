from dataclasses import replace

import numpy as np
import pydicom
import pytest
from pydicom.uid import JPEGLSLossless, RLELossless

from gluteal_grade.geometry import affine_from_lps
from gluteal_grade_lab.phantom.dicom_writer import write_dicom
from gluteal_grade_lab.phantom.enhanced_writer import write_enhanced_dixon
from gluteal_grade_lab.phantom.study import PhantomStudy
from gluteal_grade_lab.phantom.vendors import Vendor


def some(study, *names):
    """The study with some of its images."""
    images = tuple(i for i in study.images if i.spec.name in names)
    return PhantomStudy(study.spec, images, study.labels, study.truth, study.content, {})


def read_back(folder):
    """(columns, rows, slices) stored values and the voxel-to-RAS matrix, from the headers alone."""
    files = sorted((pydicom.dcmread(p) for p in folder.glob("*.dcm")), key=lambda d: d.InstanceNumber)
    first, last = (np.array(f.ImagePositionPatient, float) for f in (files[0], files[-1]))
    rows, columns = (float(v) for v in files[0].PixelSpacing)
    orientation = np.array(files[0].ImageOrientationPatient, float)
    lps = np.eye(4)
    lps[:3, 0], lps[:3, 1] = orientation[:3] * columns, orientation[3:] * rows
    lps[:3, 2] = (last - first) / (len(files) - 1)
    lps[:3, 3] = first
    return files, np.stack([f.pixel_array.T for f in files], axis=-1), affine_from_lps(lps)


@pytest.mark.long
@pytest.mark.parametrize(("vendor", "transfer"), [("siemens", "jpegls"), ("ge", "rle"), ("philips", "deflated"), ("siemens", "explicit")])
def test_what_is_read_is_what_was_made(study, tmp_path, vendor, transfer):
    write_dicom(some(study, "t1"), tmp_path, Vendor(vendor), transfer)
    image = study.images[4]
    files, stored, affine = read_back(tmp_path / "t1")
    assert len(files) == image.volume.shape[2]
    # same place, other axis directions: both walk through the same voxels
    assert np.array_equal(stored[::-1, ::-1], image.volume.array)
    corner = affine @ [stored.shape[0] - 1, stored.shape[1] - 1, 0, 1]
    assert corner[:3] == pytest.approx(image.volume.affine[:3, 3], abs=1e-4)
    assert affine[:3, 0] == pytest.approx(-image.volume.affine[:3, 0], abs=1e-5)
    assert affine[:3, 2] == pytest.approx(image.volume.affine[:3, 2], abs=1e-5)
    data = files[0]
    assert (data.EchoTime, data.RepetitionTime, data.MagneticFieldStrength) == (11, 550, 1.5)
    assert data.PatientName == "Phantom^Small"
    assert len({f.SOPInstanceUID for f in files}) == len(files)
    assert len({f.SeriesInstanceUID for f in files}) == 1
    if transfer in ("jpegls", "rle"):
        assert data.file_meta.TransferSyntaxUID == {"jpegls": JPEGLSLossless, "rle": RLELossless}[transfer]
    assert ("RescaleSlope" in data) == (vendor == "philips")


@pytest.mark.long
@pytest.mark.parametrize("vendor", list(Vendor))
def test_water_and_fat_share_a_scale_and_say_what_they_are(study, tmp_path, vendor):
    write_dicom(some(study, "water", "fat"), tmp_path, vendor)
    ratio = []
    for image in study.images[:2]:
        files, stored, _ = read_back(tmp_path / image.spec.name)
        real = stored * float(files[0].get("RescaleSlope", 1))
        mask = image.volume.array[::-1, ::-1] > 20
        ratio.append(np.median(real[mask] / image.volume.array[::-1, ::-1][mask]))
        assert any(v.startswith(image.spec.name[0].upper()) for v in files[0].ImageType[2:])
    assert ratio[0] == ratio[1]


def test_same_study_same_bytes(study, tmp_path):
    for name in ("a", "b"):
        write_dicom(some(study, "t1"), tmp_path / name, Vendor.SIEMENS, "jpegls")
    files = sorted((tmp_path / "a").rglob("*.dcm"))
    assert files
    assert all(f.read_bytes() == (tmp_path / "b" / f.relative_to(tmp_path / "a")).read_bytes() for f in files)


def test_images_of_one_name_become_one_series(study, tmp_path):
    images = tuple(replace(i, spec=replace(i.spec, name="dixon")) for i in study.images[:2])
    write_dicom(PhantomStudy(study.spec, images, study.labels, study.truth, study.content, {}), tmp_path)
    files = [pydicom.dcmread(p, stop_before_pixels=True) for p in sorted((tmp_path / "dixon").glob("*.dcm"))]
    assert len(files) == 2 * study.labels.shape[2]
    assert len({f.SeriesInstanceUID for f in files}) == 1
    assert sorted(f.InstanceNumber for f in files) == list(range(1, len(files) + 1))
    assert {f.ImageType[-1] for f in files} == {"WATER", "FAT"}


def test_ct_is_hounsfield(study, tmp_path):
    write_dicom(some(study, "ct"), tmp_path)
    files, stored, _ = read_back(tmp_path / "ct")
    assert files[0].Modality == "CT"
    assert files[0].RescaleType == "HU"
    assert np.array_equal(stored[::-1, ::-1], study.images[5].volume.array)


def test_enhanced_has_a_type_and_a_slope_a_frame(study, tmp_path):
    write_enhanced_dixon(some(study, "water", "fat"), tmp_path / "e.dcm")
    data = pydicom.dcmread(tmp_path / "e.dcm")
    slices = study.labels.shape[2]
    frames = data.PerFrameFunctionalGroupsSequence
    assert data.NumberOfFrames == len(frames) == 2 * slices
    types = [f.MRImageFrameTypeSequence[0].FrameType[2] for f in frames]
    assert types == ["W"] * slices + ["F"] * slices
    slopes = [float(f.PixelValueTransformationSequence[0].RescaleSlope) for f in (frames[0], frames[-1])]
    assert slopes[0] != slopes[1]
    for k, image in enumerate(study.images[:2]):
        real = data.pixel_array[k * slices + 7].T * slopes[k] / 1.5
        assert np.array_equal(real[::-1, ::-1], image.volume.array[:, :, 7])
    with pytest.raises(ValueError, match="no Dixon"):
        write_enhanced_dixon(some(study, "t1"), tmp_path / "f.dcm")


def test_unknown_transfer_syntax_is_refused(study, tmp_path):
    with pytest.raises(ValueError, match="transfer syntaxes"):
        write_dicom(study, tmp_path, Vendor.SIEMENS, "jpeg")
    with pytest.raises(ValueError, match="one a series"):
        write_dicom(study, tmp_path, Vendor.SIEMENS, ("rle",))
