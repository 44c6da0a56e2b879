"""Headers and streams that lie: nothing is read where the file contradicts itself."""

import gzip
import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io.nifti import read_header, read_volume
from tests.io.test_nifti import AFFINE, reason, saved

ARRAY = np.arange(60, dtype=np.int16).reshape(3, 4, 5)


@pytest.mark.parametrize("offset", [0, 1, 16, 348, 350, 351.5, -352, float("nan"), float("inf")])
def test_voxels_never_begin_within_the_header(tmp_path: Path, offset: float) -> None:
    path = saved(tmp_path / "a.nii", ARRAY)
    content = bytearray(path.read_bytes())
    content[108:112] = struct.pack("<f", offset)
    path.write_bytes(content)
    assert reason(path) is Reason.UNREADABLE_NIFTI


def test_a_gap_behind_the_header_is_skipped(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.nii", ARRAY)
    content = bytearray(path.read_bytes())
    content[108:112] = struct.pack("<f", 368)
    path.write_bytes(content[:352] + b"\0" * 16 + content[352:])
    np.testing.assert_array_equal(read_volume(path).array, ARRAY[::-1])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(place=121, bit=3)  # the header says voxels of no size
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_stream_that_gzip_calls_damaged_is_never_read(tmp_path: Path, place: int, bit: int) -> None:
    noise = np.random.default_rng(1).integers(0, 3000, (12, 12, 12)).astype(np.int16)
    content = bytearray(gzip.compress(nib.Nifti1Image(noise, AFFINE).to_bytes(), mtime=0))
    content[10 + place % (len(content) - 10)] ^= 1 << bit  # behind the ten bytes that carry no data
    path = tmp_path / "a.nii.gz"
    path.write_bytes(content)
    try:
        gzip.decompress(bytes(content))
        sound = True
    except Exception:
        sound = False
    if sound:
        read_volume(path)
        return
    with pytest.raises(RefusedInput) as caught:
        read_volume(path)
    assert caught.value.reason is Reason.UNREADABLE_NIFTI


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_more_voxels_than_the_header_names_are_another_images(tmp_path: Path, name: str) -> None:
    whole = nib.Nifti1Image(np.ones((20, 20, 40), np.int16), AFFINE)
    header = whole.header.copy()
    content = whole.to_bytes()
    header.set_data_shape((20, 20, 20))
    cut = bytes(header.binaryblock) + content[len(header.binaryblock) :]
    path = tmp_path / name
    path.write_bytes(gzip.compress(cut) if name.endswith("gz") else cut)
    with pytest.raises(RefusedInput) as caught:
        read_volume(path)
    assert caught.value.reason is Reason.UNREADABLE_NIFTI


def test_a_little_padding_is_no_damage(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.nii", ARRAY)
    path.write_bytes(path.read_bytes() + b"\0" * 512)
    np.testing.assert_array_equal(read_volume(path).array, ARRAY[::-1])


def test_bits_of_another_type_are_refused(tmp_path: Path) -> None:
    assert reason(saved(tmp_path / "a.nii", ARRAY, datatype=2, bitpix=16)) is Reason.UNREADABLE_NIFTI


def forms(path: Path, sform: Any, qform: Any, codes: tuple[int, int] = (1, 1)) -> Path:
    image = nib.Nifti1Image(ARRAY, sform)
    image.set_sform(sform, codes[0])
    image.set_qform(qform, codes[1])
    nib.save(image, path)
    return path


@pytest.mark.parametrize("other", [np.diag([-1, 1, 1, 1.0]) @ AFFINE, AFFINE @ np.diag([1, 1, 2, 1.0]), AFFINE[:, [1, 0, 2, 3]]])
def test_sform_and_qform_that_disagree_on_side_size_or_axis_are_refused(tmp_path: Path, other: Any) -> None:
    path = forms(tmp_path / "a.nii", AFFINE, other)
    with pytest.raises(RefusedInput) as caught:
        read_header(path)
    assert caught.value.reason is Reason.GEOMETRY_CONTRADICTS


def test_a_small_disagreement_is_told_and_the_sform_taken(tmp_path: Path) -> None:
    moved = AFFINE.copy()
    moved[:3, 3] += [0, 0, 4]
    header = read_header(forms(tmp_path / "a.nii", AFFINE, moved, (2, 1)))
    np.testing.assert_allclose(header.grid.affine, AFFINE)
    assert [note.reason for note in header.notes] == [Reason.GEOMETRY_CONTRADICTS]
    assert read_header(forms(tmp_path / "b.nii", AFFINE, AFFINE)).notes == ()


@pytest.mark.parametrize(("unit", "scale"), [(2, 1.0), (0, 1.0), (1, 0.001), (3, 1000.0)])
def test_lengths_are_millimetres_whatever_unit_the_header_names(tmp_path: Path, unit: int, scale: float) -> None:
    small = AFFINE.copy()
    small[:3] *= scale
    path = saved(tmp_path / "a.nii", ARRAY, small, xyzt_units=unit)
    np.testing.assert_allclose(read_header(path).grid.affine, AFFINE, rtol=1e-5)


def test_metres_that_cannot_be_metres_are_refused(tmp_path: Path) -> None:
    assert reason(saved(tmp_path / "a.nii", ARRAY, xyzt_units=1)) is Reason.GEOMETRY_CONTRADICTS


def test_header_bytes_are_the_ones_that_nibabel_writes() -> None:
    """The offsets that the tests above write to."""
    header = nib.Nifti1Header.from_fileobj(BytesIO(nib.Nifti1Image(ARRAY, AFFINE).to_bytes()))
    assert struct.unpack("<f", header.binaryblock[108:112]) == (352.0,)
