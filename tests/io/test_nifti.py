import gzip
from io import BytesIO
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nibabel.orientations import inv_ornt_aff

from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.geometry import Volume
from gluteal_grade.io import discover
from gluteal_grade.io.nifti import read_header, read_volume, save_volume
from tests.strategies import grids

AFFINE = np.array([[-0.8, 0, 0, 40], [0, 0.8, 0, -50], [0, 0, 3, 10], [0, 0, 0, 1.0]])


def saved(path: Path, array: Any, affine: Any = AFFINE, **header: Any) -> Path:
    """`header` fields go into the file as they are, behind nibabel's back."""
    nib.save(nib.Nifti1Image(array, affine), path)
    if header:
        content = path.read_bytes()
        written = nib.Nifti1Header.from_fileobj(BytesIO(content), check=False)
        for key, value in header.items():
            written[key] = value
        path.write_bytes(written.binaryblock + content[len(written.binaryblock) :])
    return path


def reason(path: Path) -> Reason:
    with pytest.raises(RefusedInput) as caught:
        read_volume(path)
    with pytest.raises(RefusedInput):
        read_header(path)
    return caught.value.reason


@pytest.fixture
def array() -> Any:
    return np.arange(60, dtype=np.int16).reshape(3, 4, 5)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_volumes_come_in_ras(tmp_path: Path, array: Any, name: str) -> None:
    volume = read_volume(saved(tmp_path / name, array))
    assert volume.grid.axis_codes == "RAS"
    assert volume.array.dtype == np.int16
    np.testing.assert_array_equal(volume.array, array[::-1])


def test_label_values_stay_whole_and_images_can_be_had_as_float(tmp_path: Path) -> None:
    path = saved(tmp_path / "labels.nii.gz", np.full((2, 2, 2), 6122, dtype=np.uint16))
    assert read_volume(path).array.dtype == np.uint16
    assert read_volume(path, as_float=True).array.dtype == np.float32


def test_scaling_is_applied_and_gives_float(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.array([[[0.5, 100.25]]]), AFFINE)
    image.header.set_data_dtype(np.int16)
    nib.save(image, tmp_path / "a.nii")
    volume = read_volume(tmp_path / "a.nii")
    assert volume.array.dtype == np.float32
    np.testing.assert_allclose(volume.array.ravel(), [0.5, 100.25], rtol=1e-3)
    assert read_header(tmp_path / "a.nii").scaled


def test_a_fourth_axis_of_one_is_dropped(tmp_path: Path, array: Any) -> None:
    assert read_volume(saved(tmp_path / "a.nii", array[..., None])).shape == (3, 4, 5)


def test_nifti_2(tmp_path: Path, array: Any) -> None:
    nib.save(nib.Nifti2Image(array, AFFINE), tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(read_volume(tmp_path / "a.nii.gz").array, array[::-1])


def test_big_endian(tmp_path: Path, array: Any) -> None:
    header = nib.Nifti1Header(endianness=">")
    nib.save(nib.Nifti1Image(array.astype(">i2"), AFFINE, header), tmp_path / "a.nii")
    np.testing.assert_array_equal(read_volume(tmp_path / "a.nii").array, array[::-1])


def test_qform_serves_where_there_is_no_sform(tmp_path: Path, array: Any) -> None:
    image = nib.Nifti1Image(array, AFFINE)
    image.set_qform(AFFINE, code=1)
    image.set_sform(None, code=0)
    nib.save(image, tmp_path / "a.nii")
    np.testing.assert_allclose(read_header(tmp_path / "a.nii").grid.affine, AFFINE, atol=1e-5)


def test_four_axes_are_refused(tmp_path: Path, array: Any) -> None:
    assert reason(saved(tmp_path / "a.nii", np.stack([array, array], axis=-1))) is Reason.NOT_3D


def test_two_axes_are_refused(tmp_path: Path, array: Any) -> None:
    assert reason(saved(tmp_path / "a.nii", array[0])) is Reason.NOT_3D


def test_colour_is_refused(tmp_path: Path) -> None:
    rgb = np.zeros((2, 2, 2), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    assert reason(saved(tmp_path / "a.nii", rgb)) is Reason.UNSUPPORTED_PIXELS


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_affine_that_is_no_number_is_refused(tmp_path: Path, array: Any, bad: float) -> None:
    assert reason(saved(tmp_path / "a.nii", array, srow_x=[bad, 0, 0, 0])) is Reason.BAD_AFFINE


def test_a_singular_affine_is_refused(tmp_path: Path, array: Any) -> None:
    assert reason(saved(tmp_path / "a.nii", array, srow_z=[0, 0, 0, 0])) is Reason.BAD_AFFINE


def test_a_quaternion_that_is_none_is_refused(tmp_path: Path, array: Any) -> None:
    path = saved(tmp_path / "a.nii", array, sform_code=0, qform_code=1, quatern_b=5, quatern_c=5)
    assert reason(path) is Reason.BAD_AFFINE


def test_a_sheared_affine_is_refused(tmp_path: Path, array: Any) -> None:
    assert reason(saved(tmp_path / "a.nii", array, srow_x=[0.8, 0.3, 0, 0])) is Reason.SHEARED_AFFINE


def test_without_any_code_nothing_tells_left_from_right(tmp_path: Path, array: Any) -> None:
    assert reason(saved(tmp_path / "a.nii", array, sform_code=0, qform_code=0)) is Reason.NO_GEOMETRY


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").touch()
    assert reason(tmp_path / "a.nii.gz") is Reason.EMPTY_FILE


@pytest.mark.parametrize("content", [b"x", b"no header here" * 50, gzip.compress(b"short", mtime=0), b"\x1f\x8b garbage", bytes(400)])
def test_what_is_no_nifti(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.nii.gz").write_bytes(content)
    assert reason(tmp_path / "a.nii.gz") is Reason.UNREADABLE_NIFTI


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_missing_voxels(tmp_path: Path, array: Any, name: str) -> None:
    path = saved(tmp_path / name, array)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(RefusedInput) as caught:
        read_volume(path)
    assert caught.value.reason is Reason.UNREADABLE_NIFTI


def test_a_header_that_claims_more_than_any_file_of_its_size_holds(tmp_path: Path, array: Any) -> None:
    path = saved(tmp_path / "a.nii", array, dim=[3, 30000, 30000, 30000, 1, 1, 1, 1])
    assert reason(path) is Reason.UNREADABLE_NIFTI
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert reason(tmp_path / "b.nii.gz") is Reason.UNREADABLE_NIFTI


def test_a_damaged_checksum(tmp_path: Path, array: Any) -> None:
    path = saved(tmp_path / "a.nii.gz", array)
    content = bytearray(path.read_bytes())
    content[-6] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(RefusedInput) as caught:
        read_volume(path)
    assert caught.value.reason is Reason.UNREADABLE_NIFTI


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    assert reason(tmp_path / "a.nii") is Reason.INPUT_NOT_FOUND


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(grid=grids(), orientation=st.permutations([0, 1, 2]), flips=st.tuples(*[st.sampled_from([-1, 1])] * 3))
def test_any_axes_round_trip(tmp_path_factory: pytest.TempPathFactory, grid: Any, orientation: Any, flips: Any) -> None:
    """Permuted, flipped, oblique: written by us, read by nibabel and by us, each voxel stays where it was."""
    path = tmp_path_factory.mktemp("nifti") / "a.nii.gz"
    turned = np.array(list(zip(orientation, flips, strict=True)))
    affine = grid.affine @ inv_ornt_aff(turned, grid.shape)
    shape = tuple(grid.shape[list(orientation).index(axis)] for axis in range(3))
    volume = Volume(np.random.default_rng(0).integers(0, 1000, shape).astype(np.int32), affine)
    save_volume(volume, path)
    theirs = nib.load(path)
    np.testing.assert_allclose(theirs.affine, affine, atol=1e-3)
    np.testing.assert_array_equal(np.asarray(theirs.dataobj), volume.array)
    ours = read_volume(path)
    assert ours.grid.axis_codes == "RAS"
    indices = np.argwhere(np.ones(volume.shape, dtype=bool))
    there = np.rint(ours.grid.to_voxel(volume.grid.to_world(indices))).astype(int)
    np.testing.assert_array_equal(ours.array[tuple(there.T)], volume.array[tuple(indices.T)])


def test_the_same_volume_gives_the_same_bytes(tmp_path: Path, array: Any) -> None:
    for name in ("a.nii.gz", "b.nii.gz"):
        save_volume(Volume(array, AFFINE), tmp_path / name, description="gluteal-grade labels")
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
    header = nib.load(tmp_path / "a.nii.gz").header
    assert (int(header["qform_code"]), int(header["sform_code"])) == (1, 1)
    assert header.get_xyzt_units()[0] == "mm"
    assert read_header(tmp_path / "a.nii.gz").description == "gluteal-grade labels"


@pytest.mark.parametrize(
    ("dtype", "stored"), [("bool", "uint8"), ("int64", "uint8"), ("uint16", "uint16"), ("float64", "float32"), ("float32", "float32")]
)
def test_types_other_programs_can_read(tmp_path: Path, dtype: str, stored: str) -> None:
    save_volume(Volume(np.ones((2, 2, 2), dtype=dtype), AFFINE), tmp_path / "a.nii")
    assert nib.load(tmp_path / "a.nii").get_data_dtype() == np.dtype(stored)


def test_a_place_that_cannot_be_written(tmp_path: Path, array: Any) -> None:
    with pytest.raises(TransientFailure) as caught:
        save_volume(Volume(array, AFFINE), tmp_path / "absent" / "a.nii")
    assert caught.value.reason is Reason.OUTPUT_NOT_WRITABLE


def test_an_image_without_a_finite_voxel_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scan_T1w.nii.gz"
    nib.save(nib.Nifti1Image(np.full((5, 5, 5), np.nan, np.float32), np.diag([2.0, 2, 2, 1])), path)
    series = discover(path).studies[0].series[0]
    with pytest.raises(RefusedInput) as caught:
        series.load()
    assert caught.value.reason is Reason.UNREADABLE_NIFTI
