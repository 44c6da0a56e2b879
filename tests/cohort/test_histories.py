"""Whatever becomes of the inputs between runs, the three tables agree with each other and with what lies in the input now."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import pydicom
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydicom.uid import generate_uid

from gluteal_grade.cohort.batch import Done, Request, run_batch
from gluteal_grade.cohort.progress import Silence
from gluteal_grade.cohort.runner import Options
from gluteal_grade.cohort.summary import summarise_unlocked
from gluteal_grade.cohort.task import Outcome, Task
from gluteal_grade.cohort.worker import work
from gluteal_grade.config import load_settings
from gluteal_grade.vocabulary import Muscle, Region, Side
from gluteal_grade.workflow import Job, Output, grade, read_study, run
from tests.cohort.inline import Inline
from tests.cohort.studies import save
from tests.report.dicom.scanner import scan
from tests.synthetic import Toy, dixon, make_toy

LABELS = "labels.nii.gz"
SETTINGS = load_settings(Path(__file__).with_name("no_pictures.yaml"))


def fat_of(number: int, version: int) -> float:
    return 0.1 + 0.15 * number + 0.04 * version


@lru_cache(maxsize=32)
def toy(number: int, version: int) -> Toy:
    """Too coarse for minimus: quick."""
    return make_toy(fat_of(number, version), shape=(36, 26, 10), spacing=(10.0, 10.0, 18.0), seed=number)


@dataclass(frozen=True)
class Put:
    """A study in the input folder; even numbers are DICOM, odd ones NIfTI."""

    number: int
    version: int = 0
    labelled: bool = True
    sound: bool = True

    @property
    def good(self) -> bool:
        return self.labelled and self.sound


def write(folder: Path, put: Put) -> None:
    one = toy(put.number, put.version)
    if put.number % 2:
        for kind, array in zip(("water", "fat"), dixon(one), strict=True):
            save(folder / f"{kind}.nii.gz", array.astype("float32"), one.grid.affine)
    else:
        scan(folder / "dicom", "siemens", one)
        for file in sorted((folder / "dicom").rglob("*.dcm")):
            data = pydicom.dcmread(file)
            for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"):
                setattr(data, name, generate_uid(entropy_srcs=[getattr(data, name), str(put.number)]))
            data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
            data.save_as(file)
    if put.labelled:
        save(folder / LABELS, one.labels.array, one.grid.affine)
    if not put.sound:
        for file in folder.rglob("*.nii.gz" if put.number % 2 else "*.dcm"):
            if file.name != LABELS:
                file.write_bytes(file.read_bytes()[:200])


@lru_cache(maxsize=32)
def alone(number: int, version: int) -> float:
    """Fat of the left maximus where this study alone is graded; on so coarse a toy it is up to 0.025 below the true one."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "s", Put(number, version))
        labels = Path(folder) / "s" / LABELS
        result = grade(Job(read_study(Path(folder) / "s", leave_out=(labels,)), SETTINGS, labels=labels)).result
    (found,) = (m.fat_fraction for m in result.muscles if (m.muscle, m.side, m.region) == (Muscle.GLUTEUS_MAXIMUS, Side.LEFT, Region.WHOLE))
    assert found == pytest.approx(fat_of(number, version), abs=0.03)
    return found


class Killed(BaseException):
    """The process is gone."""


class World:
    """An input folder, an output folder, and what ought to be in the tables."""

    def __init__(self, root: Path, graded: Path | None = None) -> None:
        """Two studies; `graded`: as a world that began here was after its first batch."""
        self.input, self.out = root / "in", root / "out"
        self.here: dict[str, Put] = {f"s{number}": Put(number) for number in range(2)}
        if graded:
            shutil.rmtree(root)
            shutil.copytree(graded, root)
            return
        self.input.mkdir()
        for name, put in self.here.items():
            self.put(name, put)

    def put(self, name: str, put: Put) -> None:
        shutil.rmtree(self.input / name, ignore_errors=True)
        write(self.input / name, put)
        self.here[name] = put

    def do(self, step: str, name: str) -> None:
        """One thing that happens to the input, or to the output, between two runs."""
        put = self.here.get(name)
        copy = f"{name}_copy"
        if step == "damage result" or step == "cut result":
            for table in sorted(self.out.glob("*/muscles.csv" if step == "damage result" else "*/result.json"))[:1]:
                table.write_bytes(table.read_bytes()[:300])
        elif step == "summary":
            summarise_unlocked(self.out, pictures=False)
        elif put is None:
            if step == "add":
                self.put(name, Put(int(name[1:])))
        elif step == "withdraw":
            shutil.rmtree(self.input / name)
            del self.here[name]
        elif step == "rename" and f"{name}_moved" not in self.here:
            (self.input / name).rename(self.input / f"{name}_moved")
            self.here[f"{name}_moved"] = self.here.pop(name)
        elif step == "copy" and copy not in self.here:
            shutil.copytree(self.input / name, self.input / copy)
            self.here[copy] = put
        elif step == "uncopy" and copy in self.here:
            shutil.rmtree(self.input / copy)
            del self.here[copy]
        elif step == "damage":
            self.put(name, replace(put, sound=False))
        elif step == "mend":
            self.put(name, replace(put, sound=True, labelled=True))
        elif step == "change":
            self.put(name, replace(put, version=(put.version + 1) % 3))
        elif step == "lose labels":
            self.put(name, replace(put, labelled=False))
        elif step == "grade alone" and put.sound:
            # a typing error in --labels
            job = Job(
                read_study(self.input / name, leave_out=(self.input / name / LABELS,)), SETTINGS, labels=self.input / "nothing.nii.gz"
            )
            run(replace(job, output=Output(self.out)))

    def batch(self, kill_after: int | None = None, *, keep_withdrawn: bool = False) -> Done | None:
        """Run to the end, or until it is killed after so many studies."""
        done = 0

        def graded(task: Task) -> tuple[Outcome, ...]:
            nonlocal done
            if done == kill_after:
                raise Killed
            done += 1
            return work(task).outcomes

        options = Options(keep_withdrawn=keep_withdrawn)
        request = Request((str(self.input),), self.out, SETTINGS, labels=LABELS, pictures=False, options=options)
        try:
            return run_batch(request, lambda: Inline(graded), Silence())
        except Killed:
            return None

    def table(self, name: str) -> list[dict[str, str]]:
        with (self.out / name).open(newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))

    def check(self, *, complete: bool = True) -> None:
        """The tables against each other; after a batch that came to its end also against the input."""
        studies, refusals, muscles = self.table("studies.csv"), self.table("refusals.csv"), self.table("cohort.csv")
        assert max(Counter(s["study"] for s in studies).values(), default=1) == 1
        graded = {s["study"]: s for s in studies if s["state"] in ("graded", "partly_graded")}
        assert {m["study"] for m in muscles} == set(graded)
        left = {(s["study"], s["state"], s["reason"]) for s in studies if s["study"] not in graded}
        assert left == {(r["study"], r["state"], r["reason"]) for r in refusals if r["study"] and r["reason"] != "study_twice"}
        assert all(r["reason"] and r["advice"] for r in refusals)
        if not complete:
            return
        # a DICOM study in two folders is one entry without labels; a NIfTI one is graded once
        copies = Counter(put.number for put in self.here.values())
        good = [put for put in self.here.values() if put.good and (put.number % 2 or copies[put.number] == 1)]
        shown = [
            float(m["fat_fraction"]) for m in muscles if m["region"] == "whole" and (m["muscle"], m["side"]) == ("gluteus_maximus", "left")
        ]
        true = {alone(put.number, put.version) for put in good}
        assert sorted(shown) == pytest.approx(sorted(true), abs=0.0001)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.batch()
    made.check()
    return made


STEPS = ("add", "withdraw", "rename", "copy", "uncopy", "damage", "mend", "change", "lose labels", "grade alone", "damage result",
         "cut result", "summary")  # fmt: skip
HISTORIES = st.lists(
    st.tuples(st.sampled_from(STEPS), st.sampled_from(["s0", "s1", "s2"]), st.sampled_from([None, None, 0, 1])), min_size=2, max_size=5
)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Where a world lies, and a copy of it after its first batch: all histories begin alike."""
    root = tmp_path_factory.mktemp("world")
    world = World(root)
    world.batch()
    world.check()
    return root, shutil.copytree(root, root.with_name("begun"))


@pytest.mark.long
@settings(max_examples=4, deadline=None)
@given(HISTORIES)
@example([("copy", "s0", None), ("uncopy", "s0", None)])
@example([("grade alone", "s0", None), ("damage result", "s0", None), ("withdraw", "s0", 0)])
@example([("copy", "s1", None), ("withdraw", "s1", None), ("change", "s0", 1), ("summary", "s0", None)])
@example([("add", "s2", None), ("change", "s2", None)])
@example([("lose labels", "s0", None), ("cut result", "s0", None)])
@example([("damage", "s0", None), ("mend", "s0", None), ("lose labels", "s1", None), ("cut result", "s1", 0)])
def test_the_tables_agree_whatever_happened(begun: tuple[Path, Path], history: list[tuple[str, str, int | None]]) -> None:
    world = World(*begun)
    for step, name, kill_after in history:
        world.do(step, name)
        if step == "summary":
            world.check(complete=False)
        if kill_after is not None and world.batch(kill_after) is None:
            summarise_unlocked(world.out, pictures=False)
            world.check(complete=False)
        world.batch()
        world.check()


@pytest.mark.long
def test_a_withdrawn_study_is_announced_and_leaves_the_tables(world: World) -> None:
    before = (world.out / "cohort.csv").read_bytes()
    world.do("withdraw", "s1")
    done = world.batch()
    assert done is not None
    assert done.withdrawn == 1
    world.check()
    (told,) = world.table("refusals.csv")
    assert (told["source"], told["state"], told["reason"]) == (f"{world.input}/s1", "withdrawn", "input_withdrawn")
    assert Counter(s["state"] for s in world.table("studies.csv")) == {"partly_graded": 1, "withdrawn": 1}
    summarise_unlocked(world.out, pictures=False)
    world.check()
    # the user cleared the input away on purpose
    world.batch(keep_withdrawn=True)
    assert (world.out / "cohort.csv").read_bytes() == before
    world.do("add", "s1")
    done = world.batch()
    assert done is not None
    assert done.withdrawn == 0
    assert (world.out / "cohort.csv").read_bytes() == before


@pytest.mark.long
def test_a_damaged_table_is_named_by_a_summary_and_made_again_by_a_batch(world: World) -> None:
    before = (world.out / "cohort.csv").read_bytes()
    for name in ("damage result", "cut result"):
        world.do(name, "")
        summarise_unlocked(world.out, pictures=False)
        world.check(complete=False)
        (told,) = world.table("refusals.csv")
        assert (told["reason"], told["study"]) == ("result_damaged", sorted(s["study"] for s in world.table("studies.csv"))[0])
        assert "damaged" in told["detail"]
        world.batch()
        assert (world.out / "cohort.csv").read_bytes() == before
        assert world.table("refusals.csv") == []


@pytest.mark.long
def test_a_refusal_leaves_the_grades_of_another_input_alone(world: World) -> None:
    kept = {path: path.read_bytes() for path in sorted(world.out.glob("*/*"))}
    world.do("grade alone", "s0")
    assert {path: path.read_bytes() for path in sorted(world.out.glob("*/*"))} == kept
    world.do("lose labels", "s0")
    world.batch()
    world.check()
    assert {path: path.read_bytes() for path in sorted(world.out.glob("*/*")) if path.suffix == ".json"} == {
        path: data for path, data in kept.items() if path.suffix == ".json"
    }
