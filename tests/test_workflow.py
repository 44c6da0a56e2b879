"""The one door: the same study through every entrance gives the same result and the same provenance."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade import cli
from gluteal_grade.cohort.entries import Entry, Given
from gluteal_grade.cohort.manifest import read_manifest
from gluteal_grade.cohort.task import Because, Outcome, Recipe, State, Task
from gluteal_grade.cohort.worker import work
from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.report.layout import Layout, Place
from gluteal_grade.segmentation.source import model_hash
from gluteal_grade.workflow import Job, Output, read_study, run
from tests.cohort.studies import save, toy, write_pair

CONFIG = Path(__file__).parent / "cohort" / "no_pictures.yaml"
SETTINGS = load_settings(CONFIG)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Water, fat and labels; beside it a mask of the right half."""
    folder = write_pair(tmp_path_factory.mktemp("studies"), "a", 0.3, 7)
    grid = toy(0.3).grid
    mask = np.zeros(grid.shape, np.uint8)
    mask[: grid.shape[0] // 4] = 1
    save(folder.parent / "mask.nii.gz", mask, grid.affine)
    return folder


def recipe(out: Path, *, keep: bool = False, deidentify: bool = False) -> Recipe:
    networks = model_hash(SETTINGS)
    return Recipe(SETTINGS, out, Layout.FLAT, None, SETTINGS.hash(), networks, 1, False, deidentify=deidentify, keep_other_versions=keep)


def worked(entry: Entry, out: Path, *, keep: bool = False) -> Outcome:
    (outcome,) = work(Task(recipe(out, keep=keep), entry)).outcomes
    return outcome


def result(out: Path) -> dict:
    (path,) = out.glob("*/result.json")
    return json.loads(path.read_text())


def test_every_door_gives_the_same_bytes_and_provenance(study: Path, tmp_path: Path) -> None:
    """Command line and worker, with everything that can be said of one study."""
    mask, labels = study.parent / "mask.nii.gz", study / "labels.nii.gz"
    given = ["--labels", labels, "--labelmap", "gluteal_grade", "--exclude", mask, "--sex", "F", "--metal", "none", "--config", CONFIG]
    command = ["grade", study, "-o", tmp_path / "grade", "-q", "--series", "dixon_water", *given]
    assert cli.run([str(part) for part in command]) in (0, 3)
    manifest = tmp_path / "m.csv"
    manifest.write_text(
        f"path,labels,labelmap,exclude,sex,metal,series\n{study},{labels},gluteal_grade,{mask},F,none,dixon_water\n", encoding="utf-8"
    )
    (entry,) = read_manifest(manifest, "m.csv")
    assert worked(entry, tmp_path / "batch").state in (State.GRADED, State.PARTLY)
    one, two = result(tmp_path / "grade"), result(tmp_path / "batch")
    made, made_too = one.pop("provenance"), two.pop("provenance")
    assert one == two
    assert {n["reason"] for n in one["notes"]} >= {"excluded_by_mask"}
    for name in ("version", "git_commit", "config_hash", "input_hash", "model_hash", "libraries"):
        assert made[name] == made_too[name], name
    assert len(made["input_hash"]) == 24
    assert (made["model_hash"], made["config_hash"]) == ("labels", SETTINGS.hash())
    for file in (tmp_path / "grade").glob("*/*.*"):
        if file.name not in ("result.json", "report.html"):
            assert file.read_bytes() == (tmp_path / "batch" / file.parent.name / file.name).read_bytes(), file.name


def test_what_is_said_of_a_study_is_part_of_its_input_hash(study: Path) -> None:
    found = read_study(study, leave_out=(study / "labels.nii.gz",))
    plain = Job(found, SETTINGS)
    mask = study.parent / "mask.nii.gz"
    others = [
        replace(plain, labels=study / "labels.nii.gz"), replace(plain, exclude=mask), replace(plain, sex="F"),
        replace(plain, metal="left"), replace(plain, series="s1"), replace(plain, kind=("t1",)), replace(plain, labelmap="muscle_map"),
    ]  # fmt: skip
    hashes = [job.input_hash for job in (plain, *others)]
    assert len(set(hashes)) == len(hashes)
    elsewhere = study.parent / "copy.nii.gz"
    elsewhere.write_bytes(mask.read_bytes())
    assert replace(plain, exclude=elsewhere).input_hash == others[1].input_hash


def test_a_job_without_output_writes_nothing(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(Job(read_study(study, leave_out=(study / "labels.nii.gz",)), SETTINGS, labels=study / "labels.nii.gz"))
    assert (done.folder, done.graded.images is None) == (None, False)
    assert list(tmp_path.iterdir()) == []


def test_the_place_is_where_it_is_written(study: Path, tmp_path: Path) -> None:
    job = Job(read_study(study, leave_out=(study / "labels.nii.gz",)), SETTINGS, labels=study / "labels.nii.gz")
    done = run(replace(job, output=Output(tmp_path, Place("corrected"), dicom=True)))
    assert done.folder == tmp_path / "corrected"
    assert done.dicom == ()
    assert done.dicom_refusal is not None  # NIfTI gives none; the other results stand
    assert (done.folder / "result.json").is_file()


def test_fhir_is_written_where_it_is_asked_for(study: Path, tmp_path: Path) -> None:
    asked = SETTINGS.model_copy(update={"report": SETTINGS.report.model_copy(update={"fhir": True})})
    for settings, place in ((SETTINGS, "flat"), (asked, "asked")):
        job = Job(read_study(study, leave_out=(study / "labels.nii.gz",)), settings, labels=study / "labels.nii.gz")
        run(replace(job, output=Output(tmp_path, Place(place))))
    assert not (tmp_path / "flat" / "fhir.json").exists()
    written = json.loads((tmp_path / "asked" / "fhir.json").read_text())
    assert (
        written["entry"][0]["resource"]["identifier"][0]["value"] == json.loads((tmp_path / "asked" / "result.json").read_text())["study"]
    )


def test_what_tells_whose_it_is_does_not_stand_for_what_does_not(study: Path, tmp_path: Path) -> None:
    job = Job(read_study(study, leave_out=(study / "labels.nii.gz",)), SETTINGS, labels=study / "labels.nii.gz")
    done = run(replace(job, output=Output(tmp_path, deidentify=True)))
    assert done.graded.result.provenance.config_hash == f"{SETTINGS.hash()}-deidentified" == recipe(tmp_path, deidentify=True).config_hash


def test_without_networks_the_refusal_is_a_result(study: Path, tmp_path: Path) -> None:
    bare = SETTINGS.model_copy(update={"segmentation": SETTINGS.segmentation.model_copy(update={"models": tmp_path})})
    graded = run(Job(read_study(study), bare)).graded
    assert graded.result.refusal is not None
    assert graded.result.refusal.reason is Reason.NO_SEGMENTER
    assert graded.result.provenance.model_hash is None


@pytest.mark.parametrize(
    ("change", "reason"), [({"exclude": Path("nowhere.nii")}, Reason.MASK_UNREADABLE), ({"labelmap": "nobodys"}, Reason.LABELS_NUMBERING)]
)
def test_what_goes_with_a_study_is_refused_before_it_is_graded(study: Path, change: dict, reason: Reason) -> None:
    job = Job(read_study(study, leave_out=(study / "labels.nii.gz",)), SETTINGS, labels=study / "labels.nii.gz")
    with pytest.raises(RefusedInput) as caught:
        run(replace(job, **change))
    assert caught.value.reason is reason


def test_of_several_studies_one_is_named(tmp_path: Path) -> None:
    for n, name in enumerate("ab"):
        write_pair(tmp_path, name, 0.3, n)
    with pytest.raises(RefusedInput, match="2 studies") as caught:
        read_study(tmp_path)
    assert caught.value.reason is Reason.SEVERAL_STUDIES
    wanted = str(caught.value).rsplit(" ", 1)[1]
    assert read_study(tmp_path, study=wanted).id == wanted
    with pytest.raises(RefusedInput, match="study_not_found"):
        read_study(tmp_path, study="0" * 12)


def test_an_equal_result_is_taken_over_but_not_one_of_another_version(study: Path, tmp_path: Path) -> None:
    """Without a ledger: what lies in the output decides."""
    entry = Entry("a", study, given=Given(labels=study / "labels.nii.gz"))
    first = worked(entry, tmp_path)
    assert (first.taken_over, first.because) == (False, "")
    assert worked(entry, tmp_path).taken_over
    path = tmp_path / str(first.study) / "result.json"
    told = json.loads(path.read_text())
    told["provenance"]["version"] = "0.0.9"
    path.write_text(json.dumps(told))
    kept = worked(entry, tmp_path, keep=True)
    assert (kept.taken_over, kept.version) == (True, "0.0.9")
    again = worked(entry, tmp_path)
    assert (again.taken_over, again.because) == (False, Because.PROGRAM_CHANGED)
    assert worked(entry, tmp_path).taken_over


def test_the_mask_beside_the_images_is_none_of_them(study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for path in study.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "water_mask_drawn.nii.gz").write_bytes((study.parent / "mask.nii.gz").read_bytes())
    given = Given(labels=folder / "labels.nii.gz", exclude=folder / "water_mask_drawn.nii.gz")
    outcome = worked(Entry("a", folder, given=given), tmp_path / "out")
    assert outcome.state in (State.GRADED, State.PARTLY)
    excluded = nib.load(tmp_path / "out" / str(outcome.study) / "excluded.nii.gz")
    assert np.asarray(excluded.dataobj).any()
    before = Entry("a", folder, given=given).fingerprint()
    (folder / "water_mask_drawn.nii.gz").touch()
    assert Entry("a", folder, given=given).fingerprint() != before
