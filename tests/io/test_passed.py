"""A refusal for want of images says what was passed over."""

import io
import shutil
import zipfile
from pathlib import Path

import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io.discovery import discover
from tests import dicom_factory as make


def refused(path: Path) -> str:
    with pytest.raises(RefusedInput) as caught:
        discover(path)
    assert caught.value.reason is Reason.NO_IMAGES
    return caught.value.detail


def packed(content: bytes, name: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(name, content)
    return target.getvalue()


def test_zips_inside(tmp_path: Path) -> None:
    (file,) = make.write_stack(tmp_path / "images", make.voxels(1))
    inner = packed(file.read_bytes(), "a.dcm")
    (tmp_path / "nested.zip").write_bytes(packed(inner, "inner.zip"))
    assert "1 zip inside (not opened there" in refused(tmp_path / "nested.zip")
    folder = tmp_path / "zips"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.zip").write_bytes(inner)
    assert "2 zips inside" in refused(folder)


def test_hidden_and_derivatives(tmp_path: Path) -> None:
    make.write_stack(tmp_path / "study" / ".hidden", make.voxels())
    make.write_stack(tmp_path / "study" / "derivatives" / "x", make.voxels())
    words = refused(tmp_path / "study")
    assert "1 hidden" in words
    assert "1 in or named 'derivatives'" in words
    target = tmp_path / "z.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("derivatives/x/a.dcm", b"x")
        archive.writestr(".b/a.dcm", b"x")
    assert "derivatives" in refused(target)
    assert "1 hidden" in refused(target)


def test_nothing_passed_over_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("x")
    assert refused(tmp_path) == "1 other files"


def test_what_a_bids_dataset_was_made_of(tmp_path: Path) -> None:
    make.write_stack(tmp_path / "set" / "images", make.voxels())
    make.write_stack(tmp_path / "set" / "sourcedata" / "sub-01", make.voxels(2), StudyInstanceUID="1.2.9")
    assert len(discover(tmp_path / "set").studies) == 2  # only a dataset is described
    (tmp_path / "set" / "dataset_description.json").write_text("{}")
    for given in (tmp_path / "set", tmp_path, Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "set"))):
        found = discover(given)
        assert len(found.studies) == 1
        assert found.sources == len(list((tmp_path / "set" / "sourcedata" / "sub-01").iterdir()))
    assert len(discover(tmp_path / "set" / "sourcedata").studies) == 1  # asked for by name
    shutil.rmtree(tmp_path / "set" / "images")
    (tmp_path / "packed.zip").unlink()
    assert "in sourcedata, code, tmp_dcm2bids of a BIDS dataset (give that folder itself)" in refused(tmp_path / "set")
