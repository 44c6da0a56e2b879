"""`gluteal-grade bids`: the arguments of a BIDS App, participants chosen, derivatives that name their parts as BIDS does."""

import csv
import json
import os
import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade.cohort.bids_dataset import describe_dataset
from tests.cohort.studies import write_pair
from tests.program import program

VALIDATOR = shutil.which("bids-validator-deno")
OF_ALL_LABELS = ("desc-glutei_dseg.json", "desc-glutei_dseg.tsv")
LABELS = ("--labels", "*_dseg.nii.gz", "--n_cpus", "1", "-q")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    """Three participants, the last in two sessions, with ages and heights in participants.tsv, and what they were made of."""
    root = tmp_path_factory.mktemp("bids") / "in"
    for number, (subject, session) in enumerate((("01", "a"), ("02", "a"), ("03", "a"), ("03", "b"))):
        source = write_pair(root.parent / "loose", f"{number}", 0.2, number)
        anat = root / f"sub-{subject}" / f"ses-{session}" / "anat"
        anat.mkdir(parents=True)
        for kind in ("water", "fat"):
            shutil.copy(source / f"{kind}.nii.gz", anat / f"sub-{subject}_ses-{session}_acq-{kind}_MEGRE.nii.gz")
        shutil.copy(source / "labels.nii.gz", anat / f"sub-{subject}_ses-{session}_dseg.nii.gz")
    shutil.copytree(root / "sub-01", root / "sourcedata" / "sub-01")
    (root / "dataset_description.json").write_text(json.dumps({"Name": "x", "BIDSVersion": "1.10.0"}))
    people = ("sub-01\tF\t61\t162\t60", "sub-02\tM\t52\tn/a\tn/a", "sub-03\tF\t40\t1.7\t65")
    (root / "participants.tsv").write_text("\n".join(("participant_id\tsex\tage\theight\tweight", *people)) + "\n")
    return root


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def out(dataset: Path) -> Path:
    """Two participants, then the others, then the group."""
    folder = dataset.parent / "out"
    some = program("bids", dataset, folder, "participant", "--participant_label", "01", "--participant_label", "sub-02", *LABELS)
    assert some.returncode == 0, some.stderr
    assert sorted(p.name for p in folder.glob("sub-*")) == ["sub-01", "sub-02"]
    assert not (folder / "cohort.csv").exists()
    one = program("bids", dataset, folder, "participant", "--session-label", "b", "--participant-label", "03", *LABELS)
    assert one.returncode == 0, one.stderr
    assert [p.name for p in (folder / "sub-03").iterdir()] == ["ses-b"]
    assert program("bids", dataset, folder, "participant", *LABELS).returncode == 0
    assert program("bids", dataset, folder, "group", "--no-pictures").returncode == 0
    return folder


@pytest.mark.long
def test_the_group_holds_everybody_once_with_what_participants_tsv_says(out: Path) -> None:
    found = {row["folder"]: (row["sex"], row["age"], row["height_m"], row["weight_kg"], row["state"]) for row in rows(out / "studies.csv")}
    assert found == {
        "sub-01/ses-a": ("F", "61", "1.62", "60", "graded"),
        "sub-02/ses-a": ("M", "52", "", "", "graded"),
        "sub-03/ses-a": ("F", "40", "1.7", "65", "graded"),
        "sub-03/ses-b": ("F", "40", "1.7", "65", "graded"),
    }
    assert rows(out / "refusals.csv") == []
    assert len(rows(out / "cohort.csv")) == 4 * len({(r["side"], r["muscle"], r["region"]) for r in rows(out / "cohort.csv")})


def test_derivatives_are_named_as_bids_asks_or_are_in_bidsignore(out: Path) -> None:
    """BIDS 1.10, derivatives: a description that names what made them; files of known suffixes with the entities of their folder."""
    told = json.loads((out / "dataset_description.json").read_text())
    assert told["DatasetType"] == "derivative"
    assert all(maker["Name"] for maker in told["GeneratedBy"])
    assert {"Name", "BIDSVersion"} <= set(told)
    ignored = (out / ".bidsignore").read_text().split()
    entities = r"sub-(?P<s>\w+)/ses-(?P<e>\w+)/anat/sub-(?P=s)_ses-(?P=e)(_[a-z]+-[A-Za-z0-9]+)*"
    named = re.compile(entities + r"_(dseg|mask|probseg)\.(nii\.gz|tsv|json)")
    for path in (p for p in out.rglob("*") if p.is_file() and not p.name.startswith(".")):
        name, folders = path.relative_to(out).as_posix(), path.relative_to(out).parts[:-1]
        aside = any(fnmatch(path.name, one) or one in folders for one in ignored)
        assert aside or named.fullmatch(name) or name in ("dataset_description.json", "README", *OF_ALL_LABELS), name


def test_what_a_user_added_at_the_top_stays(out: Path) -> None:
    """Authors and a README of their own; a description that is damaged is written anew."""
    told = json.loads((out / "dataset_description.json").read_text()) | {"Authors": ["A", "Ü"], "Name": "other"}
    (out / "dataset_description.json").write_text(json.dumps(told))
    (out / "README").write_text("ours")
    describe_dataset(out)
    kept = json.loads((out / "dataset_description.json").read_text(encoding="utf-8"))
    assert kept["Authors"] == ["A", "Ü"]
    assert kept["Name"].startswith("gluteal_grade")
    assert (out / "README").read_text() == "ours"
    (out / "README").unlink()
    (out / "dataset_description.json").write_text("{")
    describe_dataset(out)
    assert "Authors" not in json.loads((out / "dataset_description.json").read_text())


def test_every_label_has_a_name(out: Path) -> None:
    names = dict(line.split("\t")[:2] for line in (out / "desc-glutei_dseg.tsv").read_text().splitlines()[1:])
    image = next(out.glob("sub-01/ses-a/anat/*_dseg.nii.gz"))
    values = {str(int(v)) for v in np.unique(np.asanyarray(nib.load(image).dataobj)) if v}
    assert values <= set(names)
    assert len(values) > 5


@pytest.mark.skipif(VALIDATOR is None, reason="bids-validator-deno is not there (.ci/run installs it)")
def test_derivatives_pass_the_bids_validator(out: Path, tmp_path: Path) -> None:
    """The BIDS validator finds no error; all it may warn of is that nobody told the authors."""
    (out / "stats").mkdir(exist_ok=True)
    (out / "stats" / "stats.csv").write_text("a\n")
    environment = os.environ | {"DENO_DIR": str(tmp_path), "PATH": f"{Path(str(VALIDATOR)).parent}{os.pathsep}{os.environ['PATH']}"}
    run = subprocess.run([str(VALIDATOR), "--json", str(out)], capture_output=True, text=True, env=environment, timeout=200, check=False)
    issues = json.loads(run.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []
    assert {issue["code"] for issue in issues} <= {"TOO_FEW_AUTHORS"}
    assert run.returncode == 0


@pytest.mark.parametrize(
    ("label", "code"), [(("--participant-label", "99"), "study_not_found"), (("--session-label", "z"), "study_not_found")]
)
def test_a_label_that_is_not_there_is_refused(dataset: Path, tmp_path: Path, label, code: str) -> None:
    run = program("bids", dataset, tmp_path, "participant", *label, *LABELS)
    assert run.returncode == 2
    assert code in run.stdout + run.stderr
    assert "99" not in run.stdout + run.stderr


def test_what_is_no_dataset_is_refused(dataset: Path, tmp_path: Path) -> None:
    for folder in (dataset / "sub-01", tmp_path):
        run = program("bids", folder, tmp_path / "out", "participant", *LABELS)
        assert run.returncode == 2
        assert "not_bids" in run.stdout + run.stderr
    assert program("bids", dataset, tmp_path / "nothing", "group").returncode == 2
    assert program("bids", dataset, tmp_path / "out", "both").returncode == 64
