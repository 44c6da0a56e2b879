"""A corrected label map: taken in, measured again with the images of the study; what is no label map of it is refused."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import stat
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.report.dicom.deidentify import deidentified, deidentified_result
from gluteal_grade.result.models import StudyResult
from gluteal_grade.review import remeasure as module
from gluteal_grade.review.correction import Correction, CorrectionState, Remeasurement, Table, result_folder
from gluteal_grade.review.corrections import Corrections, corrected_result
from gluteal_grade.review.database import Database
from gluteal_grade.review.drawing import accept_drawing, present_labels
from gluteal_grade.review.remeasure import OTHER_SETTINGS, Answer, remeasure
from gluteal_grade.review.uploads import accept_upload
from tests.review.conftest import Graded
from tests.waiting import PATIENCE_S


def labels_of(graded: Graded, study: str) -> Path:
    return graded.out / study / "labels.nii.gz"


def first(graded: Graded, study: str) -> StudyResult:
    return StudyResult.model_validate_json((graded.out / study / "result.json").read_bytes())


def upload_of(graded: Graded, correction: Correction) -> Path:
    (path,) = (graded.out / "review" / "uploads").glob(f"{correction.id}.*")
    return path


def measured(graded: Graded, correction: Correction, **more: str) -> tuple[Answer, StudyResult]:
    """In this process: what is asked of a child is tested once, below."""
    answer = remeasure(Remeasurement(str(graded.out), correction.study, correction.id, str(upload_of(graded, correction)), **more))
    return answer, corrected_result(graded.out, correction)


def drawn(path: Path, target: Path, change) -> Path:
    """A label map changed in place."""
    image = nib.load(path)
    array = np.asarray(image.dataobj).copy()
    change(array)
    nib.save(nib.Nifti1Image(array, image.affine, image.header), target)
    return target


WHOLE = {"muscles", "asymmetry", "metal", "fat", "fat_beside_metal", "norms", "statements", "series", "reference_series", "status", "notes"}


def test_the_same_labels_give_the_same_numbers(graded: Graded) -> None:
    """Exactly, with the metal and the sex that were given."""
    before = {p: p.read_bytes() for p in graded.out.rglob("*") if p.is_file()}
    result = first(graded, graded.nifti)
    correction = accept_upload(graded.out, graded.nifti, labels_of(graded, graded.nifti))
    answer, again = measured(graded, correction)
    assert answer == Answer(CorrectionState.DONE)
    assert again.model_dump_json(include=WHOLE) == result.model_dump_json(include=WHOLE)
    assert again.segmentation is not None
    assert again.segmentation.sha256 == correction.sha256
    assert {p: p.read_bytes() for p in before} == before  # the first result stays as it was
    names = {p.name for p in result_folder(graded.out, correction).iterdir()}
    assert {"result.json", "muscles.csv", "labels.nii.gz", "image.nii.gz", "fat_fraction.nii.gz", "overlay_summary.png"} <= names


def test_a_change_to_one_muscle_changes_that_muscle(graded: Graded, tmp_path: Path) -> None:
    def without_half(array: np.ndarray) -> None:
        upper = np.argwhere(array // 10 == 11)[:, 2].mean()  # right gluteus maximus
        array[:, :, int(upper) :][array[:, :, int(upper) :] // 10 == 11] = 0

    path = drawn(labels_of(graded, graded.dicom), tmp_path / "mine.nii.gz", without_half)
    correction = accept_upload(graded.out, graded.dicom, path)
    answer, again = measured(graded, correction)
    assert answer.state is CorrectionState.DONE
    what_is_drawn_on_it_holds_both_changes(graded, replace(correction, state=answer.state))
    before = {(m.muscle, m.side, m.region): m for m in first(graded, graded.dicom).muscles}
    for m in again.muscles:
        earlier = before[m.muscle, m.side, m.region]
        if (m.muscle, m.side) == ("gluteus_maximus", "right"):
            assert m.region != "whole" or m.volume_ml < 0.8 * earlier.volume_ml
        else:
            assert (m.volume_ml, m.fat_fraction) == (earlier.volume_ml, earlier.fat_fraction) or str(m) == str(earlier)


def test_a_muscle_in_2000_pieces_is_measured_and_asks_for_a_look(graded: Graded, tmp_path: Path) -> None:
    def scattered(array: np.ndarray) -> None:
        right, left = (np.argwhere(array // 100 == side) for side in (1, 2))
        array[array // 10 == 12] = 0  # right medius
        free = np.argwhere(array == 0)
        free = free[~(free % 2).any(axis=1)]
        free = free[np.argsort(np.linalg.norm(free - right.mean(axis=0), axis=1))[:2000]]
        assert (np.linalg.norm(free - left.mean(axis=0), axis=1) > np.linalg.norm(free - right.mean(axis=0), axis=1)).all()
        array[tuple(free.T)] = 120

    path = drawn(labels_of(graded, graded.dicom), tmp_path / "mine.nii.gz", scattered)
    correction = accept_upload(graded.out, graded.dicom, path)
    answer = remeasure(Remeasurement(str(graded.out), correction.study, correction.id, str(upload_of(graded, correction))))
    assert answer == Answer(CorrectionState.DONE)
    again = corrected_result(graded.out, correction)
    medius = next(m for m in again.muscles if (m.muscle, m.side, m.region) == ("gluteus_medius", "right", "whole"))
    assert "label_in_pieces" in [check.reason for check in medius.checks]


def what_is_drawn_on_it_holds_both_changes(graded: Graded, correction: Correction) -> None:
    program = present_labels(graded.out, graded.dicom)
    base = present_labels(graded.out, graded.dicom, correction)
    assert base.sha256 != program.sha256
    index = next(n for n in range(base.size[0]) if np.isin(base.picture(n), 220).any())
    picture = np.where(base.picture(index) == 220, 0, base.picture(index)).astype(np.uint8)  # left medius
    found = accept_drawing(graded.out, graded.dicom, base, {index: picture})
    lost = (nib.load(labels_of(graded, graded.dicom)).get_fdata() > 0) & (nib.load(upload_of(graded, found)).get_fdata() == 0)
    before = program.labels.array // 10
    assert set(np.unique(before[lost])) == {11, 22}
    with pytest.raises(RefusedInput, match=Reason.BAD_DRAWING):
        present_labels(graded.out, graded.nifti, correction)


def test_a_dicom_segmentation_and_a_zip_and_a_stream(graded: Graded, tmp_path: Path) -> None:
    seg = graded.out / graded.dicom / "dicom" / "seg.dcm"
    answer, again = measured(graded, accept_upload(graded.out, graded.dicom, seg))
    assert answer.state is CorrectionState.DONE
    result = first(graded, graded.dicom)
    assert [(m.volume_ml, str(m.fat_fraction)) for m in again.muscles] == [(m.volume_ml, str(m.fat_fraction)) for m in result.muscles]
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        packed.write(labels_of(graded, graded.dicom), "any name/labels.nii.gz")
        packed.writestr("__MACOSX/._labels.nii.gz", b"x")
    zipped = accept_upload(graded.out, graded.dicom, tmp_path / "x.zip")
    streamed = accept_upload(graded.out, graded.dicom, io.BytesIO(labels_of(graded, graded.dicom).read_bytes()))
    assert zipped.sha256 == streamed.sha256
    assert upload_of(graded, zipped).read_bytes() == labels_of(graded, graded.dicom).read_bytes()
    plain = accept_upload(graded.out, graded.dicom, io.BytesIO(gzip.decompress(labels_of(graded, graded.dicom).read_bytes())))
    assert upload_of(graded, plain).suffix == ".nii"


def test_a_segmentation_with_the_uids_of_a_deidentified_result(graded: Graded) -> None:
    folder = graded.out / graded.dicom
    before = deidentified_result(first(graded, graded.dicom))
    (folder / "result.json").write_text(before.to_json())
    buffer = io.BytesIO()
    deidentified(pydicom.dcmread(folder / "dicom" / "seg.dcm")).save_as(buffer, enforce_file_format=True)
    buffer.seek(0)
    answer, again = measured(graded, accept_upload(graded.out, graded.dicom, buffer))
    assert answer.state is CorrectionState.DONE
    assert again.series == before.series  # no UID of the images
    assert [(m.volume_ml, str(m.fat_fraction)) for m in again.muscles] == [(m.volume_ml, str(m.fat_fraction)) for m in before.muscles]


def test_numbers_are_there_before_pictures_and_files(graded: Graded, monkeypatch: pytest.MonkeyPatch) -> None:
    correction = accept_upload(graded.out, graded.nifti, labels_of(graded, graded.nifti))
    seen = []
    monkeypatch.setattr(module, "write", lambda *_: seen.append(corrected_result(graded.out, correction, early=True)))
    remeasure(Remeasurement(str(graded.out), correction.study, correction.id, str(upload_of(graded, correction))))
    assert seen[0].model_dump_json(include=WHOLE) == first(graded, graded.nifti).model_dump_json(include=WHOLE)
    for early in (True, False):  # nothing is left of it
        with pytest.raises(RefusedInput, match=Reason.NOT_A_RESULT):
            corrected_result(graded.out, correction, early=early)


def test_other_settings_are_told(graded: Graded, tmp_path: Path) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("measure:\n  min_voxels: 31\n")
    answer, _ = measured(graded, accept_upload(graded.out, graded.dicom, labels_of(graded, graded.dicom)), config=str(config))
    assert answer == Answer(CorrectionState.DONE, detail=OTHER_SETTINGS)


def finished(corrections: Corrections, correction: Correction, seconds: float = PATIENCE_S) -> Correction:
    end = time.monotonic() + seconds
    while True:
        found = corrections.find(correction.id)
        assert found is not None
        if found.state not in (CorrectionState.WAITING, CorrectionState.RUNNING):
            return found
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.long
def test_beside_the_server_through_kill_and_restart(graded: Graded) -> None:
    correction = accept_upload(graded.out, graded.dicom, labels_of(graded, graded.dicom))
    # a server that was killed while it measured: its row says running, its process is gone
    dead = Table(Database(graded.out))
    gone = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(gone, 0)
    dead._me = f"{dead._host}:{gone}:00000000"
    taken = dead.take()
    assert taken is not None
    corrections = Corrections(graded.out)
    done = finished(corrections, correction)
    assert (done.state, done.reason, done.detail) == (CorrectionState.DONE, "", "")
    assert done.seconds > 0
    assert corrections.state(graded.dicom) == (done,)
    assert corrections.state(graded.nifti) == ()
    corrections.close()


def test_closing_puts_back_what_is_being_measured_and_no_child_stays(graded: Graded) -> None:
    correction = accept_upload(graded.out, graded.dicom, labels_of(graded, graded.dicom))
    corrections = Corrections(graded.out)
    children = _wait_for_children()
    os.kill(children[0], signal.SIGSTOP)  # it is at it as long as we like
    corrections.close()
    assert _children() == []
    found = Table(Database(graded.out)).find(correction.id)
    assert found is not None
    assert found.state is CorrectionState.WAITING


def test_a_process_that_is_ready_measures_what_comes_and_none_stays(graded: Graded) -> None:
    corrections = Corrections(graded.out)
    corrections.expect(graded.dicom)
    corrections.expect(graded.dicom)
    (ready,) = _wait_for_children()
    os.kill(ready, signal.SIGSTOP)
    correction = accept_upload(graded.out, graded.dicom, labels_of(graded, graded.dicom))
    corrections.submit(correction)
    end = time.monotonic() + PATIENCE_S
    while (found := corrections.find(correction.id)) and found.state is not CorrectionState.RUNNING and time.monotonic() < end:
        time.sleep(0.01)
    assert _children() == [ready]  # no other was started for it
    corrections.expect(graded.dicom)
    assert len(_wait_for_children(2)) == 2
    corrections.close()
    assert _children() == []


def _wait_for_children(count: int = 1) -> list[int]:
    end = time.monotonic() + PATIENCE_S
    while len(found := _children()) < count and time.monotonic() < end:
        time.sleep(0.01)
    return found


def _children() -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            parent = int((path.parent / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == os.getpid() and b"gluteal_grade.review.remeasure" in path.read_bytes():
                found.append(int(path.parent.name))
        except (OSError, ValueError):
            continue
    return found


def test_images_that_are_gone_are_told(graded: Graded) -> None:
    correction = accept_upload(graded.out, graded.dicom, labels_of(graded, graded.dicom))
    (graded.out / "ledger.sqlite").unlink()
    with pytest.raises(RefusedInput, match=Reason.IMAGES_NOT_FOUND):
        measured(graded, correction)


def nifti(graded: Graded, array: np.ndarray | None = None, shift: float = 0.0, **header: object) -> bytes:
    image = nib.load(labels_of(graded, graded.dicom))
    affine = image.affine.copy()
    affine[0, 3] += shift
    made = nib.Nifti1Image(np.asarray(image.dataobj) if array is None else array, affine)
    for name, value in header.items():
        made.header[name] = value
    return made.to_bytes()


def claiming(graded: Graded, *shape: int) -> bytes:
    """A header that claims a huge grid over a few voxels."""
    content = bytearray(nifti(graded))
    content[40:56] = np.array([3, *shape, 1, 1, 1, 1], np.int16).tobytes()[:16]
    return bytes(content)


def zipped(*files: tuple[str, bytes], link: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if link:
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
            packed.writestr(info, content)
    return buffer.getvalue()


def deflated_seg(graded: Graded) -> bytes:
    data = pydicom.dcmread(graded.out / graded.dicom / "dicom" / "seg.dcm")
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def resized_seg(graded: Graded) -> bytes:
    data = pydicom.dcmread(graded.out / graded.dicom / "dicom" / "seg.dcm")
    data.Rows = data.Columns = 65535
    buffer = io.BytesIO()
    data.save_as(buffer)
    return buffer.getvalue()


HARMFUL = {
    "empty": (lambda g: b"", Reason.EMPTY_FILE),
    "text": (lambda g: b"hello " * 100, Reason.LABELS_UNREADABLE),
    "an image": (lambda g: (g.out / g.dicom / "fat_fraction.nii.gz").read_bytes(), Reason.LABELS_NOT_INTEGER),
    "whole numbers of something else": (lambda g: (g.out / g.dicom / "image.nii.gz").read_bytes(), Reason.LABELS_NUMBERING),
    "another numbering": (lambda g: nifti(g, np.full((96, 70, 28), 7, np.uint8)), Reason.LABELS_NUMBERING),
    "nothing drawn": (lambda g: nifti(g, np.zeros((96, 70, 28), np.uint8)), Reason.LABELS_EMPTY),
    "another size": (lambda g: nifti(g, np.ones((20, 20, 20), np.uint8)), Reason.LABELS_GEOMETRY),
    "of another study": (lambda g: labels_of(g, g.nifti).read_bytes(), Reason.LABELS_GEOMETRY),
    "moved": (lambda g: nifti(g, shift=9.0), Reason.LABELS_GEOMETRY),
    "cut short": (lambda g: labels_of(g, g.dicom).read_bytes()[:-400], Reason.LABELS_UNREADABLE),
    "plain, cut short": (lambda g: nifti(g)[:-400], Reason.LABELS_UNREADABLE),
    "huge dimensions": (lambda g: claiming(g, 32000, 32000, 32000), Reason.LABELS_UNREADABLE),
    "gz bomb": (lambda g: gzip.compress(claiming(g, 400, 400, 400) + bytes(80 << 20), 1), Reason.LABELS_GEOMETRY),
    "no DICOM at all": (lambda g: bytes(128) + b"DICM" + b"\xff" * 500, Reason.LABELS_UNREADABLE),
    "a DICOM image": (lambda g: next((g.images / "scan").rglob("*.dcm")).read_bytes(), Reason.LABELS_UNREADABLE),
    "deflated DICOM": (deflated_seg, Reason.LABELS_UNREADABLE),
    "a segmentation of another size": (resized_seg, Reason.LABELS_GEOMETRY),
    "zip that leaves its folder": (lambda g: zipped(("../../x.nii", nifti(g))), Reason.UNSAFE_ZIP),
    "zip with an absolute path": (lambda g: zipped(("/etc/x.nii", nifti(g))), Reason.UNSAFE_ZIP),
    "zip with a link": (lambda g: zipped(("x.nii", b"/etc/passwd"), link=True), Reason.UNSAFE_ZIP),
    "zip in a zip": (lambda g: zipped(("x.zip", zipped(("x.nii", nifti(g))))), Reason.UNSAFE_ZIP),
    "zip bomb": (lambda g: zipped(("x.nii", bytes(300 << 20))), Reason.UNSAFE_ZIP),
    "zip of two": (lambda g: zipped(("x.nii", nifti(g)), ("y.nii", nifti(g))), Reason.LABELS_UNREADABLE),
    "zip of nothing": (lambda g: zipped(), Reason.LABELS_UNREADABLE),
    "damaged zip": (lambda g: zipped(("x.nii", nifti(g)))[:-30], Reason.UNREADABLE_ZIP),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_what_is_no_label_map_of_the_study_is_refused_and_leaves_nothing(graded: Graded, name: str) -> None:
    make, reason = HARMFUL[name]
    with pytest.raises(RefusedInput) as told:
        accept_upload(graded.out, graded.dicom, io.BytesIO(make(graded)))
    assert told.value.reason is reason
    assert str(graded.out) not in str(told.value)
    assert list((graded.out / "review" / "uploads").iterdir()) == []


def test_a_large_upload_is_not_read_to_its_end(graded: Graded) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return bytes(size)

    endless = Endless()
    with pytest.raises(RefusedInput, match=Reason.UPLOAD_TOO_LARGE):
        accept_upload(graded.out, graded.dicom, endless, limit=5 << 20)  # type: ignore[arg-type]
    assert endless.given <= 6 << 20
    assert list((graded.out / "review" / "uploads").iterdir()) == []
    with pytest.raises(RefusedInput, match=Reason.STUDY_NOT_FOUND):
        accept_upload(graded.out, "../" + graded.dicom, io.BytesIO(b"x"))


def test_names_are_ours(graded: Graded) -> None:
    correction = accept_upload(graded.out, graded.dicom, labels_of(graded, graded.dicom))
    assert upload_of(graded, correction).name == f"{correction.id}.nii.gz"
    assert json.loads(json.dumps(correction.state)) == "waiting"
