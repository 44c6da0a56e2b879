"""`gluteal-grade batch` as a user runs it; where it is killed, or shares a folder, in a process of its own."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from gluteal_grade.cohort.columns import REFUSALS, STUDIES
from gluteal_grade.result.columns import muscle_columns
from gluteal_grade_lab.phantom.spoilt import WAYS, spoil
from tests.cohort.studies import write_pair
from tests.program import PROGRAM, program
from tests.visits import another_visit
from tests.waiting import PATIENCE_S

COLUMNS = tuple(column.name for column in muscle_columns())

FAT = (0.15, 0.3, 0.6)


NUMBERS = ("--no-pictures", "--config", str(Path(__file__).with_name("no_pictures.yaml")))  # most tests are about them


def batch(*arguments: object, code: int | None = 0) -> subprocess.CompletedProcess[str]:
    given = [*arguments, *(NUMBERS[1:] if "--no-pictures" in arguments and "--config" not in arguments else ())]
    done = program("batch", *given)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def attempts(out: Path) -> list[tuple[str, str, int, int]]:
    """Rows of the ledger; none where its table is not made yet."""
    with contextlib.closing(sqlite3.connect(out / "ledger.sqlite")) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'attempts'").fetchall():
            return []
        return database.execute("SELECT study, state, attempt, taken_over FROM attempts ORDER BY id").fetchall()


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studies")
    for n, fat in enumerate(FAT):
        write_pair(folder, f"Doe^Jane {n}", fat, n)
    return folder


@pytest.fixture(scope="module")
def graded(studies: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted batch by one worker."""
    out = tmp_path_factory.mktemp("graded")
    subprocess.run([*PROGRAM, "batch", studies, "-o", out, "--labels", "labels.nii.gz", "-j", "1", *NUMBERS], check=True, timeout=240)
    return out


def test_every_study_is_in_the_tables_with_its_true_fat(graded: Path) -> None:
    rows = table(graded / "cohort.csv")
    assert tuple(rows[0]) == COLUMNS
    by_study = {r["study"]: float(r["fat_fraction"]) for r in rows if r["region"] == "whole"}
    assert sorted(by_study.values()) == pytest.approx(FAT, abs=0.01)
    listed = table(graded / "studies.csv")
    assert [s["state"] for s in listed] == ["graded"] * 3
    assert {s["study"] for s in listed} == set(by_study)
    assert all((graded / s["folder"] / "result.json").is_file() for s in listed)
    assert table(graded / "refusals.csv") == []


def test_cohort_csv_is_the_muscles_of_every_study(graded: Path) -> None:
    parts = [table(p) for p in sorted(graded.glob("*/muscles.csv"))]
    assert table(graded / "cohort.csv") == [row for part in parts for row in part]


def test_parquet_holds_the_same_with_types(graded: Path) -> None:
    text = pd.read_csv(graded / "cohort.csv")
    typed = pd.read_parquet(graded / "cohort.parquet")
    assert list(typed.columns) == list(COLUMNS)
    pd.testing.assert_frame_equal(
        typed.astype(object).where(typed.notna(), None), text.astype(object).where(text.notna(), None), check_dtype=False
    )
    assert typed["fat_fraction"].dtype == "float64"


@pytest.mark.parametrize(("name", "columns"), [("cohort", muscle_columns()), ("studies", STUDIES), ("refusals", REFUSALS)])
def test_the_dictionary_describes_every_column(graded: Path, name: str, columns) -> None:
    told = json.loads((graded / f"{name}.json").read_text())
    with (graded / f"{name}.csv").open() as stream:
        assert list(told) == stream.readline().strip().split(",")
    assert all(column["Description"] for column in told.values())
    assert list(told) == [column.name for column in columns]


@pytest.mark.long
def test_two_workers_give_the_same_bytes(studies: Path, graded: Path, tmp_path: Path) -> None:
    batch(studies, "-o", tmp_path, "--labels", "labels.nii.gz", "-j", 2, "--no-pictures")
    assert (tmp_path / "cohort.csv").read_bytes() == (graded / "cohort.csv").read_bytes()
    for result in graded.glob("*/result.json"):
        one, two = (json.loads((folder / result.parent.name / "result.json").read_text()) for folder in (graded, tmp_path))
        assert one.pop("provenance")["input_hash"] == two.pop("provenance")["input_hash"]
        assert one == two
    for picture in graded.glob("*/*.png"):
        assert picture.read_bytes() == (tmp_path / picture.parent.name / picture.name).read_bytes()


@pytest.mark.long
def test_no_name_of_a_folder_leaves_the_tables_meant_for_it(studies: Path, tmp_path: Path) -> None:
    """Sources stand in studies.csv, refusals.csv and the ledger; nowhere else, not on the terminal, not in the log."""
    shutil.copytree(studies, tmp_path / "in")
    (tmp_path / "in" / "Doe^Jane 1" / "water.nii.gz").write_bytes(b"broken")
    done = batch(tmp_path / "in", "-o", tmp_path / "out", "--labels", "labels.nii.gz", "--json", "--no-pictures", code=3)
    assert "Doe" not in done.stdout + done.stderr
    for path in (tmp_path / "out").rglob("*"):
        allowed = path.name.startswith(("studies.csv", "refusals.csv", "ledger.sqlite")) or path.suffix == ".html"
        assert "Doe" not in path.name
        assert allowed or path.is_dir() or b"Doe^Jane" not in path.read_bytes(), path.name
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert Counter(e["event"] for e in events) == {"planned": 1, "started": 3, "study": 3}
    assert events[-1]["done"] == 3


def test_bad_studies_are_refused_with_their_reason_and_the_rest_is_graded(tmp_path: Path) -> None:
    """Every way of being broken that we make."""
    good = another_visit(tmp_path / "in", "good", 6.0, 12.0)
    reasons = {}
    for way, (_, allowed) in WAYS.items():
        reasons[spoil(way, another_visit(tmp_path / "spare", way, 6.0, 12.0), tmp_path / "in", way)] = allowed
    done = batch(tmp_path / "in", "-o", tmp_path / "out", "--labels", "labels.nii.gz", "--no-pictures", code=3)
    found = {Path(r["source"]).relative_to(tmp_path / "in").parts[0]: r for r in table(tmp_path / "out" / "refusals.csv")}
    assert set(found) == set(reasons)
    assert all(found[name]["reason"] in {str(r) for r in allowed} for name, allowed in reasons.items()), found
    assert all(r["state"] == "refused" and r["advice"] for r in found.values())
    assert len({r["study"] for r in table(tmp_path / "out" / "cohort.csv")}) == 1
    assert "refusals.csv" in done.stdout
    assert good.exists()


def test_a_batch_of_refusals_ends_with_2_and_of_nothing_too(tmp_path: Path) -> None:
    (tmp_path / "in" / "empty").mkdir(parents=True)
    batch(tmp_path / "in", "-o", tmp_path / "out", code=2)
    assert [r["reason"] for r in table(tmp_path / "out" / "refusals.csv")] == ["no_images"]
    batch(tmp_path / "missing", "-o", tmp_path / "out2", code=2)
    assert [r["reason"] for r in table(tmp_path / "out2" / "refusals.csv")] == ["input_not_found"]


@pytest.mark.parametrize(
    "arguments",
    [("-o", "{out}"), ("{in}",), ("{in}", "-o", "{out}", "-j", "0"), ("{in}", "-o", "{out}", "--layout", "tree"),
     ("{in}", "-o", "{out}", "--dask", "tcp://x:1", "-j", "2"), ("{in}", "-o", "{out}", "--labelmap", "muscle_map"),
     ("{in}", "-o", "{out}", "--labels", "l.nii", "--labelmap", "nobody's"), ("{in}", "-o", "{out}", "--config", "missing.yaml")],
)  # fmt: skip
def test_wrong_usage_ends_with_64_and_writes_nothing(studies: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    filled = [a.format(**{"in": studies, "out": tmp_path / "out"}) for a in arguments]
    batch(*filled, code=64)
    assert not (tmp_path / "out").exists()


@pytest.mark.long
def test_killed_at_random_and_resumed_is_the_same_as_in_one_go(studies: Path, graded: Path, tmp_path: Path) -> None:
    """SIGKILL at five moments of the whole program; each time it goes on where it stood."""
    command = [*PROGRAM, "batch", str(studies), "-o", str(tmp_path), "--labels", "labels.nii.gz", "-j", "1", *NUMBERS, "-q"]
    for seconds in (0.4, 1.6, 2.3, 3.1, 2.7):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    batch(studies, "-o", tmp_path, "--labels", "labels.nii.gz", "-j", 1, "--no-pictures")
    assert (tmp_path / "cohort.csv").read_bytes() == (graded / "cohort.csv").read_bytes()
    computed = Counter(study for study, state, _, taken_over in attempts(tmp_path) if state == "graded" and not taken_over)
    assert max(computed.values(), default=0) <= 1
    assert Counter(study for study, state, *_ in attempts(tmp_path) if state == "graded") == dict.fromkeys(
        {r["study"] for r in table(tmp_path / "cohort.csv")}, 1
    )
    assert not [p for p in tmp_path.iterdir() if p.name.endswith((".partial", ".old"))]


def test_a_lost_ledger_costs_no_second_grading(graded: Path, studies: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(graded, out)
    for path in out.glob("ledger.sqlite*"):
        path.unlink()
    batch(studies, "-o", out, "--labels", "labels.nii.gz", "--no-pictures")
    assert [(state, taken_over) for _, state, _, taken_over in attempts(out)] == [("graded", 1)] * 3
    assert (out / "cohort.csv").read_bytes() == (graded / "cohort.csv").read_bytes()


@pytest.mark.long
def test_a_second_batch_on_the_same_folder_is_refused(studies: Path, tmp_path: Path) -> None:
    command = [*PROGRAM, "batch", str(studies), "-o", str(tmp_path), "--labels", "labels.nii.gz", "-j", "1", *NUMBERS]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE_S
        while not (tmp_path / "ledger.sqlite").exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        done = batch(studies, "-o", tmp_path, code=1)
        assert "output_in_use" in done.stderr
    finally:
        assert first.wait(PATIENCE_S) == 0
    assert len(table(tmp_path / "studies.csv")) == 3


@pytest.mark.long
def test_ctrl_c_and_sigterm_stop_cleanly(studies: Path, tmp_path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        out = tmp_path / number.name
        command = [*PROGRAM, "batch", str(studies), "-o", str(out), "--labels", "labels.nii.gz", "-j", "1", *NUMBERS, "--json"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        while '"started"' not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 1
        assert "run the same command again" in err
        assert "Traceback" not in err
        assert "failed" not in {state for _, state, *_ in attempts(out)}


@pytest.fixture
def small_disk(tmp_path: Path) -> object:
    """A file system of its own, 6 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("mounting needs root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.long
def test_a_full_disk_stops_cleanly_and_goes_on_when_there_is_room(studies: Path, graded: Path, small_disk: Path, tmp_path: Path) -> None:
    (small_disk / "others").write_bytes(bytes(shutil.disk_usage(small_disk).free - 400_000))
    out = small_disk / "out"
    arguments = (studies, "-o", out, "--labels", "labels.nii.gz", "-j", 1, "--no-pictures")
    done = batch(*arguments, code=1)
    assert "output_not_writable" in done.stderr
    (small_disk / "others").unlink()
    subprocess.run(["mount", "-o", "remount,size=60m", small_disk], check=True)
    batch(*arguments)
    assert (out / "cohort.csv").read_bytes() == (graded / "cohort.csv").read_bytes()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    done = batch(*arguments, code=1)
    assert "output_not_writable" in done.stderr


@pytest.mark.long
def test_bids_in_bids_out(tmp_path: Path) -> None:
    for subject, fat in (("01", 0.2), ("02", 0.4)):
        source = write_pair(tmp_path / "loose", subject, fat, int(subject))
        anat = tmp_path / "in" / f"sub-{subject}" / "ses-a" / "anat"
        anat.mkdir(parents=True)
        for kind in ("water", "fat"):
            shutil.copy(source / f"{kind}.nii.gz", anat / f"sub-{subject}_ses-a_acq-{kind}_MEGRE.nii.gz")
        shutil.copy(source / "labels.nii.gz", anat / f"sub-{subject}_ses-a_dseg.nii.gz")
    (tmp_path / "in" / "dataset_description.json").write_text(json.dumps({"Name": "x", "BIDSVersion": "1.8.0"}))
    (tmp_path / "in" / "participants.tsv").write_text("participant_id\tsex\tage\tgroup\nsub-01\tF\t61\ttha\nsub-02\tM\t52\tcontrol\n")
    out = tmp_path / "out"
    batch(tmp_path / "in", "-o", out, "--labels", "*_dseg.nii.gz", "--layout", "bids")
    anat = out / "sub-01" / "ses-a" / "anat"
    names = {p.name for p in anat.iterdir()}
    assert {"sub-01_ses-a_desc-glutei_dseg.nii.gz", "sub-01_ses-a_desc-glutei_result.json", "sub-01_ses-a_desc-glutei_morph.tsv"} <= names
    assert (out / "sub-01" / "ses-a" / "figures" / "sub-01_ses-a_overlay_summary.png").is_file()
    assert json.loads((out / "dataset_description.json").read_text())["DatasetType"] == "derivative"
    assert [(s["folder"], s["sex"], s["age"], s["group"]) for s in sorted(table(out / "studies.csv"), key=lambda s: s["folder"])] == [
        ("sub-01/ses-a", "F", "61", "tha"), ("sub-02/ses-a", "M", "52", "control"),
    ]  # fmt: skip
    flat = tmp_path / "flat"
    batch(tmp_path / "in", "-o", flat, "--labels", "*_dseg.nii.gz", "--no-pictures")
    assert sorted(map(str, table(out / "cohort.csv"))) == sorted(map(str, table(flat / "cohort.csv")))
    batch(tmp_path / "in", "-o", out, "--labels", "*_dseg.nii.gz", "--layout", "bids", "--no-pictures")
    assert len(attempts(out)) == 2


@pytest.mark.long
def test_a_manifest_tells_who_is_who(studies: Path, tmp_path: Path) -> None:
    lines = ["path,labels,sex,age,group,patient,date,ward"]
    for n, date in enumerate(("2024-01-01", "2025-01-10", "2024-06-01")):
        name = studies / f"Doe^Jane {n}"
        lines.append(f"{name},{name}/labels.nii.gz,F,6{n},{'tha' if n else ''},{'x' if n < 2 else 'y'},{date},w{n}")
    lines.append("nowhere,,,,,,,")
    (tmp_path / "m.csv").write_text("\n".join(lines))
    out = tmp_path / "out"
    batch(tmp_path / "m.csv", "-o", out, "--no-pictures", code=3)
    rows = {s["age"]: s for s in table(out / "studies.csv")}
    assert rows["60"]["patient"] == rows["61"]["patient"] != rows["62"]["patient"]
    assert (rows["60"]["days"], rows["61"]["days"], rows["62"]["days"]) == ("0", "375", "0")
    assert [rows[a]["ward"] for a in ("60", "61", "62")] == ["w0", "w1", "w2"]
    assert "ward" in json.loads((out / "studies.json").read_text())
    assert [r["reason"] for r in table(out / "refusals.csv")] == ["input_not_found"]
    assert b"2025-01-10" not in (out / "ledger.sqlite").read_bytes()
    before = (out / "studies.csv").read_bytes()
    (out / "studies.csv").unlink()
    done = program("cohort", "summary", out, "--no-pictures")
    assert done.returncode == 0, done.stderr
    assert (out / "studies.csv").read_bytes() == before
