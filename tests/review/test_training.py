"""What readers corrected or confirmed, as a data set to train on; nothing else is in it, and no subject is on both sides."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io import discover
from gluteal_grade.review.catalogue import Catalogue
from gluteal_grade.review.lessons import Lesson, Vouched, kept_back, place
from gluteal_grade.review.model import Item, Key, Session
from gluteal_grade.review.store import Store
from gluteal_grade.review.training import TrainingSet, export_training
from gluteal_grade.segmentation.numbering import load_numbering
from gluteal_grade.vocabulary import GLUTEI, Side
from gluteal_grade_lab.training.labelled import LabelledSampler
from gluteal_grade_lab.training.pairs import find_pairs
from tests.program import program
from tests.review.conftest import Graded
from tests.review.deciding import decision
from tests.review.test_exports import corrected

ANNA, BEN = Session("anna"), Session("ben")


@pytest.fixture
def store(graded: Graded) -> Store:
    (graded.out / "studies.csv").unlink()  # no patients: each study is a person of its own
    return Store(graded.out)


def catalogue(graded: Graded) -> Catalogue:
    found = Catalogue(graded.out)
    found.refresh()
    return found


def call(store: Store, graded: Graded, study: str, word: str = "good", who: Session = ANNA, result: str = "", leave: int = 0) -> None:
    """A word for the contours of every gluteus, or all but some."""
    one = catalogue(graded).find(study)
    assert one is not None
    keys = [Key(Item.QUALITY, muscle.value, side.value) for side in Side for muscle in GLUTEI]
    store.add(who, [decision(word, key, study=study) for key in keys[leave:]], result or one.result_hash)


def correct(store: Store, graded: Graded, study: str, who: Session = ANNA) -> str:
    correction = corrected(graded, study)
    store.add(who, [decision(correction, Key(Item.LABELS), study=study)], "r")
    return correction


def between(graded: Graded) -> float:
    """A share that keeps one of the two studies back."""
    return sum(place(Lesson(one, Vouched.CONFIRMED, None).subject) for one in catalogue(graded).listed) / 2


def exported(store: Store, graded: Graded, folder: Path, data: Path | None = None) -> TrainingSet:
    return export_training(graded.out, folder, catalogue(graded), store, data, share=between(graded))


def test_corrected_and_confirmed_studies_are_pairs_that_the_trainer_takes(store: Store, graded: Graded, tmp_path: Path) -> None:
    correction = correct(store, graded, graded.dicom)
    call(store, graded, graded.nifti, who=BEN)
    found = exported(store, graded, tmp_path / "set")
    assert found.left_out == ()
    by_study = {row["study"]: row for row in found.rows}
    assert {row["vouched"]: (row["reader"], row["labels_from"]) for row in found.rows} == {
        "corrected": ("anna", correction),
        "confirmed": ("ben", "program"),
    }
    assert {row["part"] for row in found.rows} == {"train", "kept_back"}
    with (tmp_path / "set" / "manifest.csv").open(newline="") as stream:
        assert [row["study"] for row in csv.DictReader(stream)] == [row["study"] for row in found.rows]
    for study, row in by_study.items():
        labels = tmp_path / "set" / str(row["labels"])
        before = nib.load(graded.out / study / "labels.nii.gz")
        assert np.array_equal(nib.load(labels).get_fdata(), before.get_fdata())
        part = tmp_path / "set" / str(row["part"])
        pairs = find_pairs(part, load_numbering("gluteal_grade"))
        assert sorted(pair.image.kind for pair in pairs) == ["dixon_fat", "dixon_water"]
        sample = LabelledSampler(pairs, load_numbering("gluteal_grade"), "hip", (32, 32, 32), 3.0)(0)
        assert set(np.unique(sample.labels)) == {0, 1, 2, 3}
        assert {one.id for one in discover(part).studies}  # and the program reads it as a study like any other
    everything = b"".join(path.read_bytes() for path in (tmp_path / "set").rglob("*") if path.suffix in (".csv", ".json"))
    assert b"SCAN" not in everything.upper()


def test_the_same_subjects_are_kept_back_whoever_comes_after_them() -> None:
    people = [f"{n:012x}" for n in range(400)]
    kept = [person for person in people if kept_back(person, 0.2)]
    assert 60 < len(kept) < 100
    assert set(kept) < {person for person in people if kept_back(person, 0.4)}
    assert not any(kept_back(person, 0.0) for person in people)
    assert all(kept_back(person, 1.0) for person in people)


def test_studies_of_one_person_are_on_one_side(graded: Graded, tmp_path: Path) -> None:
    store = Store(graded.out)  # the ledger knows that both are of one patient
    for study in (graded.dicom, graded.nifti):
        call(store, graded, study)
    with pytest.raises(RefusedInput, match="1 subject would be") as refused:
        exported(store, graded, tmp_path / "set")
    assert refused.value.reason is Reason.ONE_SUBJECT
    assert not list(tmp_path.glob("*set*"))


def test_nothing_that_nobody_vouches_for(store: Store, graded: Graded, tmp_path: Path) -> None:
    with pytest.raises(RefusedInput, match=r"no study was corrected, or called good throughout$") as refused:
        exported(store, graded, tmp_path / "set")
    assert refused.value.reason is Reason.NOTHING_VOUCHED
    call(store, graded, graded.dicom, leave=1)
    with pytest.raises(RefusedInput, match="not every gluteus"):
        exported(store, graded, tmp_path / "set")
    call(store, graded, graded.dicom, result="of an earlier result")
    with pytest.raises(RefusedInput, match="graded again"):
        exported(store, graded, tmp_path / "set")
    call(store, graded, graded.dicom)
    call(store, graded, graded.dicom, "wrong", BEN, leave=5)
    with pytest.raises(RefusedInput, match="does not call every contour good"):
        exported(store, graded, tmp_path / "set")
    assert not list(tmp_path.glob("*set*"))


def test_the_last_correction_holds_and_a_confirmation_beside_it_does_not(store: Store, graded: Graded, tmp_path: Path) -> None:
    call(store, graded, graded.nifti)
    call(store, graded, graded.dicom)
    correct(store, graded, graded.dicom)
    last = correct(store, graded, graded.dicom, BEN)
    store.add(Session("anna", 2), [decision("2", study=graded.dicom)], "r")  # read again, nothing said of the labels
    rows = {row["study"]: row for row in exported(store, graded, tmp_path / "set").rows}
    assert (rows[graded.dicom]["labels_from"], rows[graded.dicom]["reader"]) == (last, "ben")
    store.add(BEN, [decision("", Key(Item.LABELS), study=graded.dicom)], "r")  # taken back
    rows = {row["study"]: row for row in exported(store, graded, tmp_path / "again").rows}
    assert rows[graded.dicom]["reader"] == "anna"


def moved(graded: Graded, tmp_path: Path) -> Path:
    """The images elsewhere."""
    return Path(shutil.copytree(graded.images, tmp_path / "moved"))


def gone(graded: Graded, tmp_path: Path) -> None:
    (graded.out / "ledger.sqlite").unlink()


def without_labels(graded: Graded, tmp_path: Path) -> None:
    (graded.out / graded.nifti / "labels.nii.gz").unlink()


def other_labels(graded: Graded, tmp_path: Path) -> None:
    path = graded.out / graded.nifti / "labels.nii.gz"
    image = nib.load(path)
    array = np.asarray(image.dataobj).copy()
    array[:, :, ::4] = 0
    nib.save(nib.Nifti1Image(array, image.affine), path)


def another_picture(graded: Graded, tmp_path: Path) -> None:
    path = graded.out / graded.nifti / "image.nii.gz"
    image = nib.load(path)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj)[::-1], image.affine), path)


WRONG = {
    "images gone": (gone, "images"),
    "labels gone": (without_labels, "its label map is gone"),
    "labels changed": (other_labels, "its label map has changed"),
    "images changed": (another_picture, "not those that the reader saw"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_gone_or_has_changed_is_left_out_and_said(name: str, store: Store, graded: Graded, tmp_path: Path) -> None:
    change, words = WRONG[name]
    call(store, graded, graded.nifti)
    change(graded, tmp_path)
    with pytest.raises(RefusedInput, match=words) as refused:
        exported(store, graded, tmp_path / "set")
    assert refused.value.reason is Reason.NOTHING_VOUCHED
    assert str(tmp_path) not in str(refused.value)


def test_images_that_moved_are_found_where_they_are_said_to_be(store: Store, graded: Graded, tmp_path: Path) -> None:
    for study in (graded.nifti, graded.dicom):
        call(store, graded, study)
    gone(graded, tmp_path)
    assert len(exported(store, graded, tmp_path / "set", data=moved(graded, tmp_path)).rows) == 2


def test_the_command(store: Store, graded: Graded, tmp_path: Path) -> None:
    words = ("review", graded.out, "--training", tmp_path / "set", "--keep-back", between(graded))
    refused = program(*words)
    assert (refused.returncode, "nothing_vouched" in refused.stderr) == (2, True)
    for study in (graded.nifti, graded.dicom):
        call(store, graded, study)
    done = program(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Wrote 2 studies of 2 subjects" in done.stdout
    assert program(*words).returncode == 64  # nothing is written over
