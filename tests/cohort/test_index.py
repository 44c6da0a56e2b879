"""What belongs together in a folder of many studies, on files as scanners, converters and people leave them."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gluteal_grade.cohort.entries import Entry
from gluteal_grade.cohort.inputs import read_inputs
from gluteal_grade.errors import Reason
from gluteal_grade.io import discover
from tests.cli.test_grade import save
from tests.synthetic import Toy, dixon, make_toy
from tests.visits import another_visit

OUT = Path("/nowhere")


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy(0.2, shape=(60, 44, 12), spacing=(6.0, 6.0, 12.0))


@pytest.fixture(scope="module")
def dicom(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three studies of two series each: `<name>/dicom/{water,fat}/NNN.dcm` and labels."""
    folder = tmp_path_factory.mktemp("dicom")
    return [another_visit(folder, f"visit{n}", 8.0, 24.0) for n in range(3)]


def told(entries: list[Entry], root: Path) -> dict[str, list[str] | None]:
    return {str(Path(e.source).relative_to(root)): None if e.parts is None else list(e.parts) for e in entries}


def studies(entries: list[Entry]) -> list[str]:
    return [s.id for e in entries for s in discover(e.root, parts=e.parts).studies]


def all_of(*inputs: Path) -> list[Entry]:
    return read_inputs([str(i) for i in inputs], OUT)


@pytest.mark.long
def test_series_in_folders_of_their_own_are_one_study(dicom: list[Path], tmp_path: Path) -> None:
    for n, study in enumerate(dicom):
        shutil.copytree(study / "dicom", tmp_path / f"patient {n}")
    entries = all_of(tmp_path)
    assert list(told(entries, tmp_path)) == ["patient 0", "patient 1", "patient 2"]
    assert len(set(studies(entries))) == 3
    assert [len(discover(e.root, parts=e.parts).studies[0].series) for e in entries] == [2, 2, 2]


def test_a_study_spread_over_folders_is_read_together(dicom: list[Path], tmp_path: Path) -> None:
    for n, study in enumerate(dicom):
        for kind in ("water", "fat"):
            shutil.copytree(study / "dicom" / kind, tmp_path / kind / str(n))
    entries = all_of(tmp_path)
    assert len(entries) == 3
    assert sorted(p for e in entries for p in e.parts or ()) == sorted(f"{kind}/{n}" for n in range(3) for kind in ("water", "fat"))
    assert len(set(studies(entries))) == 3


def test_one_flat_folder_of_many_studies_is_taken_apart(dicom: list[Path], tmp_path: Path) -> None:
    for n, study in enumerate(dicom):
        for file in study.rglob("*.dcm"):
            shutil.copy(file, tmp_path / f"IM_{file.parent.name}_{file.stem}_{n}")
    (tmp_path / "notes.txt").write_text("beside the images")
    entries = all_of(tmp_path)
    assert len(entries) == 3
    assert len(set(studies(entries))) == 3


def test_a_study_itself_may_be_given(dicom: list[Path]) -> None:
    (entry,) = all_of(dicom[0])
    assert studies([entry]) == [s.id for s in discover(dicom[0]).studies]
    entries = read_inputs([str(dicom[0])], OUT, "labels.nii.gz")
    assert entries[0].given.labels == dicom[0] / "labels.nii.gz"


def test_bids_subjects_and_sessions(toy: Toy, tmp_path: Path) -> None:
    water, fat = dixon(toy)
    (tmp_path / "dataset_description.json").write_text("{}")
    (tmp_path / "participants.tsv").write_text("participant_id\tsex\tage\tgroup\nsub-01\tF\t61\ttha\nsub-02\tM\tn/a\tn/a\n")
    for subject, sessions in (("01", ("ses-a", "ses-b")), ("02", ("",))):
        for session in sessions:
            folder = tmp_path / f"sub-{subject}" / session / "anat"
            stem = "_".join(x for x in (f"sub-{subject}", session) if x)
            offset = 1.0 if session == "ses-b" else 2.0 if session == "ses-a" else 0.0
            for kind, array in (("water", water), ("fat", fat)):
                save(folder / f"{stem}_acq-{kind}_MEGRE.nii.gz", np.asarray(array + offset, np.float32), toy.grid.affine)
    shutil.copytree(tmp_path / "sub-01", tmp_path / "derivatives" / "other" / "sub-01")
    (tmp_path / "code").mkdir()
    entries = all_of(tmp_path)
    assert told(entries, tmp_path) == {
        "sub-01/ses-a/anat": ["sub-01/ses-a/anat"], "sub-01/ses-b/anat": ["sub-01/ses-b/anat"], "sub-02/anat": ["sub-02/anat"],
    }  # fmt: skip
    found = [discover(e.root, parts=e.parts).studies[0] for e in entries]
    assert {s.id for s in found} == {s.id for s in discover(tmp_path).studies}
    assert [(s.patient_sex, s.person.age_years, s.person.group, s.person.id) for s in found] == [
        ("F", 61, "tha", "sub-01"), ("F", 61, "tha", "sub-01"), ("M", None, None, "sub-02"),
    ]  # fmt: skip


def test_what_a_bids_dataset_was_made_of_is_left_alone_and_counted(toy: Toy, dicom: list[Path], tmp_path: Path) -> None:
    for name in ("acq-water_T1w", "acq-fat_T1w"):
        save(tmp_path / "set" / "sub-01" / "anat" / f"sub-01_{name}.nii.gz", dixon(toy)[0], toy.grid.affine)
    for folder in ("sourcedata/sub-01", "code", "tmp_dcm2bids/sub-01"):
        shutil.copytree(dicom[0] / "dicom" / "water", tmp_path / "set" / folder)
    before = read_inputs([str(tmp_path / "set")], OUT)
    assert len(before) > 1  # only a dataset is described
    (tmp_path / "set" / "dataset_description.json").write_text("{}")
    for given in (tmp_path / "set", tmp_path):
        left: list[str] = []
        assert list(told(read_inputs([str(given)], OUT, left_alone=left), tmp_path)) == ["set/sub-01/anat"]
        assert len(left) == 3 * len(list((dicom[0] / "dicom" / "water").iterdir()))
    assert len(all_of(tmp_path / "set" / "sourcedata")) == 1  # asked for by name
    shutil.rmtree(tmp_path / "set" / "sub-01")
    (entry,) = all_of(tmp_path / "set")
    assert entry.refusal is not None
    assert entry.refusal.reason is Reason.NO_IMAGES


def test_loose_nifti_files_of_one_contrast_are_a_study_each_and_a_pair_is_one(toy: Toy, tmp_path: Path) -> None:
    water, fat = dixon(toy)
    for n in range(3):
        save(tmp_path / "many" / f"p{n}_t1.nii.gz", np.asarray(water + n, np.float32), toy.grid.affine)
    save(tmp_path / "pair" / "water.nii.gz", np.asarray(water, np.float32), toy.grid.affine)
    save(tmp_path / "pair" / "fat.nii.gz", np.asarray(fat, np.float32), toy.grid.affine)
    save(tmp_path / "pair" / "labels.nii.gz", toy.labels.array, toy.grid.affine)
    assert [e.source.rsplit("/", 1)[1] for e in all_of(tmp_path / "many")] == ["p0_t1.nii.gz", "p1_t1.nii.gz", "p2_t1.nii.gz"]
    (pair,) = all_of(tmp_path / "pair")
    assert len(discover(pair.root, parts=pair.parts).studies[0].series) == 2
    assert len(all_of(tmp_path)) == 2  # below a folder each, as `grade` has it: one study a folder


def test_globs_zips_and_files(dicom: list[Path], tmp_path: Path) -> None:
    for n, study in enumerate(dicom):
        with zipfile.ZipFile(tmp_path / f"z{n}.zip", "w") as packed:
            for file in study.rglob("*.dcm"):
                packed.write(file, file.relative_to(study))
    assert studies(all_of(tmp_path)) == studies([e for s in dicom for e in all_of(s)])
    assert len(read_inputs([f"{tmp_path}/z[01].zip"], OUT)) == 2
    (missing,) = read_inputs([f"{tmp_path}/q*.zip"], OUT)
    assert missing.refusal is not None
    assert missing.refusal.reason == "input_not_found"


def test_each_place_counts_once_however_often_it_is_given(dicom: list[Path]) -> None:
    parent = dicom[0].parent
    assert len(read_inputs([str(parent), str(parent) + "/", f"{parent}/*"], OUT)) <= 6
    once = read_inputs([str(parent)], OUT)
    assert [e.key for e in read_inputs([str(parent), str(parent)], OUT)] == [e.key for e in once]


def test_everything_at_the_top_that_is_no_image_is_one_entry(dicom: list[Path], tmp_path: Path) -> None:
    shutil.copytree(dicom[0], tmp_path / "good")
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("a")
    (tmp_path / "damaged" / "s1").mkdir(parents=True)
    (tmp_path / "damaged" / "s2").mkdir()
    (tmp_path / "damaged" / "s1" / "1.dcm").write_bytes(b"")
    (tmp_path / "damaged" / "s2" / "1.dcm").write_bytes(b"x" * 500)
    (tmp_path / "lonely.dcm").write_bytes(b"x" * 500)
    (tmp_path / "odd.bin").write_bytes(b"x" * 500)
    (tmp_path / "broken.nii.gz").write_bytes(b"x" * 500)
    for aside in ("README", "participants.tsv", "manifest.csv", "notes.md", ".hidden"):
        (tmp_path / aside).write_text("aside")
    names = [Path(e.source).relative_to(tmp_path).parts[0] for e in all_of(tmp_path)]
    assert sorted(names) == ["broken.nii.gz", "damaged", "empty", "good", "lonely.dcm", "odd.bin", "texts"]


def test_the_batch_does_not_read_its_own_output(toy: Toy, dicom: list[Path], tmp_path: Path) -> None:
    shutil.copytree(dicom[0], tmp_path / "good")
    out = tmp_path / "results"
    save(out / "0123456789ab" / "labels.nii.gz", toy.labels.array, toy.grid.affine)
    save(out / "0123456789ab" / "fat_fraction.nii.gz", toy.labels.array, toy.grid.affine)
    (out / "0123456789ab" / "result.json").write_text(json.dumps({}))
    assert len(read_inputs([str(tmp_path)], out)) == 1
    (tmp_path / "elsewhere").mkdir()
    found = read_inputs([str(tmp_path)], tmp_path / "elsewhere")
    assert [Path(e.source).name for e in found if not e.source.endswith("dicom")] == ["results"]  # another batch's: nothing to grade there


def test_a_changed_file_changes_the_fingerprint_and_nothing_else_does(dicom: list[Path], tmp_path: Path) -> None:
    shutil.copytree(dicom[0], tmp_path / "s")
    (entry,) = all_of(tmp_path)
    before = entry.fingerprint()
    assert all_of(tmp_path)[0].fingerprint() == before
    file = next((tmp_path / "s").rglob("*.dcm"))
    file.write_bytes(file.read_bytes() + b"\0")
    assert entry.fingerprint() != before
