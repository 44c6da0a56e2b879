"""The loader on real vendor DICOM, against dcm2niix and against known truth."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io import discover
from gluteal_grade.io.nifti import read_volume
from gluteal_grade.io.pixels import StackLoader
from gluteal_grade.io.study import Plane, Series
from gluteal_grade.vocabulary import SeriesKind

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not (DATA / "dicom").is_dir(), reason="../shared/data is not here")

# folder, series expected there
STACKS = {
    "dicom/siemens/anatomical/001": 1,
    "dicom/ge/anatomical/001": 1,
    "dicom/philips/anatomical/001": 1,
    "dicom/philips_enhanced/anatomical/001": 1,
    "dicom/siemens_multiframe/anatomical/001": 1,
    "dicom/generic/compressed/001": 1,
    "dicom/generic/compressed_jpegls/001": 1,
    "dicom/generic/compressed_j2k/001": 1,
    "dicom/generic/compressed_rle/001": 1,
    "dicom_pelvis/t2_tse_tra": 1,
    "dicom_pelvis/tfl_2d_whole_pelvis": 2,
    "dicom_pelvis/vibe_flip_2deg": 1,
    "dicom_pelvis/vibe_flip_20deg": 1,
    "dicom_pelvis/t2_localizer": 3,
}


def only_study(folder: Path) -> tuple[Series, ...]:
    found = discover(folder)
    assert not found.problems
    (study,) = found.studies
    return study.series


def displayed(series: Series) -> Volume:
    """The volume with display values, as `dcm2niix -p n` writes them."""
    assert isinstance(series.load, StackLoader)
    return replace(series.load, values="display")()


@pytest.mark.parametrize(("folder", "count"), STACKS.items())
@pytest.mark.skipif(shutil.which("dcm2niix") is None, reason="dcm2niix is not installed")
def test_geometry_and_voxels_are_those_of_dcm2niix(folder: str, count: int, tmp_path: Path) -> None:
    command = ["dcm2niix", "-p", "n", "-b", "n", "-z", "n", "-f", "%s_%e_%p_%d", "-o", str(tmp_path), str(DATA / folder)]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    if "jpegls" in folder and run.returncode:
        pytest.skip("this dcm2niix was built without JPEG-LS; the truth in NIfTI is compared below")
    assert run.returncode == 0, run.stdout
    truths = [read_any(path) for path in sorted(tmp_path.glob("*.nii"))]
    volumes = [displayed(series) for series in only_study(DATA / folder)]
    assert len(volumes) == count == len(truths)
    for volume in volumes:
        assert volume.array.dtype == np.float32
        same = [t for t in truths if t.shape == volume.shape and np.allclose(t.affine, volume.affine, atol=1e-3)]
        assert same, f"no dcm2niix output has this geometry:\n{volume.affine}\n" + "\n".join(str(t.affine) for t in truths)
        assert any(np.allclose(t.array, volume.array, rtol=1e-6) for t in same)


def read_any(path: Path) -> Volume:
    """Independent of our own NIfTI reader."""
    image = nib.load(path)
    return Volume(np.asarray(image.dataobj, dtype=np.float32), image.affine).to_ras()


@pytest.mark.parametrize("syntax", ["compressed", "compressed_jpegls", "compressed_j2k", "compressed_rle"])
def test_compressed_series_equal_their_truth(syntax: str) -> None:
    (series,) = only_study(DATA / "dicom" / "generic" / syntax / "001")
    volume = series.load()
    for name in ("001_ground_truth.nii.gz", "001_ground_truth_reoriented.nii.gz"):
        truth = read_volume(DATA / "dicom" / "generic" / syntax / name)
        np.testing.assert_allclose(volume.affine, truth.affine, atol=1e-3)
        np.testing.assert_array_equal(volume.array, truth.array)


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("sliceincrement", Reason.UNEVEN_SLICES),
        ("sliceorientation", Reason.MIXED_ORIENTATION),
        ("notavolume", Reason.NOT_A_VOLUME),
        ("gantrytilting", Reason.GANTRY_TILT),
    ],
)
def test_what_is_no_volume_is_refused_with_its_own_reason(folder: str, reason: Reason) -> None:
    (series,) = only_study(DATA / "dicom" / "failing" / folder)
    assert series.refusal is not None
    assert series.refusal.reason is reason
    assert series.grid is None
    with pytest.raises(RefusedInput) as caught:
        series.load()
    assert caught.value.reason is reason


def test_the_localizer_is_recognised_and_split_never_stacked() -> None:
    series = only_study(DATA / "dicom_pelvis" / "t2_localizer")
    assert {s.kind for s in series} == {SeriesKind.LOCALIZER}
    assert {s.plane: s.image_count for s in series} == {Plane.AXIAL: 5, Plane.CORONAL: 5, Plane.SAGITTAL: 3}
    assert {s.id for s in series} == {"s1.axial", "s1.coronal", "s1.sagittal"}


def test_two_images_a_position_become_two_echoes() -> None:
    first, second = only_study(DATA / "dicom_pelvis" / "tfl_2d_whole_pelvis")
    assert (first.id, second.id) == ("s20.e1", "s20.e2")
    assert (first.acquisition.te_ms, second.acquisition.te_ms) == (2.4, 4.8)
    assert first.grid is not None
    assert second.grid is not None
    assert first.grid.matches(second.grid)


def test_no_series_of_the_pelvic_examination_is_taken_for_gradable() -> None:
    kinds = {s.id: s.kind for s in only_study(DATA / "dicom_pelvis")}
    assert kinds["s5"] is SeriesKind.T2
    assert not set(kinds.values()) & {SeriesKind.T1, SeriesKind.CT, SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT}


def test_philips_values_are_undone_to_the_signal() -> None:
    """(stored * RS + RI) / (RS * SS) with the header's RS 4.2588... and SS 0.00027657."""
    (series,) = only_study(DATA / "dicom" / "philips_enhanced" / "anatomical" / "001")
    assert series.acquisition.rescaled
    np.testing.assert_allclose(series.load().array * 0.0002765719254966825 * 4.25885225885225, displayed(series).array, rtol=1e-5)


def test_water_excitation_is_seen_in_the_functional_groups() -> None:
    (series,) = only_study(DATA / "dicom" / "philips_enhanced" / "anatomical" / "001")
    assert series.kind is SeriesKind.STIR


def test_a_real_pelvic_ct_is_known_by_its_values(tmp_path: Path) -> None:
    (tmp_path / "volume.nii.gz").write_bytes((DATA / "ct" / "pelvis_ct.nii.gz").read_bytes())
    (series,) = only_study(tmp_path)
    assert series.kind is SeriesKind.CT
    assert series.kind_reason.startswith("ct_by_values")


def test_labels_beside_the_ct_are_left_alone() -> None:
    (series,) = only_study(DATA / "ct")
    assert (series.kind, series.id) == (SeriesKind.CT, "ct")
