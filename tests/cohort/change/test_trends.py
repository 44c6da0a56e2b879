"""Patients over time: which pairs, whose pictures, what is left out; memory that does not grow."""

from __future__ import annotations

import csv
import gc
import tracemalloc
from pathlib import Path

import pytest

from gluteal_grade.cohort.change.compare import compare_results
from gluteal_grade.cohort.change.output import columns as pair_columns
from gluteal_grade.cohort.change.output import rows
from gluteal_grade.cohort.change.patients import PatientStudy, by_patient, from_studies_csv, picture_name
from gluteal_grade.cohort.change.results import read_result
from gluteal_grade.cohort.change.trends import patient_trends
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.grading.scales import known_scales
from gluteal_grade.result.models import StudyResult
from gluteal_grade.vocabulary import Muscle, Side
from tests.cohort.change.makers import muscle, refused_result, result

MAX = Muscle.GLUTEUS_MAXIMUS


class Cohort:
    def __init__(self, root: Path) -> None:
        self.root, self.studies = root, []

    def add(self, patient: str, days: float, fat: float | StudyResult, **other: object) -> PatientStudy:
        name = f"{len(self.studies) + 1:012x}"
        made = fat if isinstance(fat, StudyResult) else result([muscle(fat=fat, **other)], name)
        folder = self.root / name
        folder.mkdir()
        (folder / "result.json").write_text(made.to_json())
        self.studies.append(PatientStudy(patient, days, folder))
        return self.studies[-1]


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    return Cohort(tmp_path)


def table(out: Path, name: str = "changes.csv") -> list[dict[str, str]]:
    with (out / name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_consecutive_pairs_and_first_to_last(cohort: Cohort, tmp_path: Path) -> None:
    for days, fat in ((700, 0.3), (0, 0.1), (350, 0.2)):  # given out of order
        cohort.add("P1", days, fat)
    cohort.add("P2", 0, 0.5), cohort.add("P2", 90, 0.5)
    cohort.add("P3", 0, 0.1)
    out = tmp_path / "out"
    trends = patient_trends(cohort.studies, out)
    found = [
        (r["patient"], r["days_prior"], r["days_current"], r["consecutive"], r["first_to_last"], r["fat_change_points"]) for r in table(out)
    ]
    assert found == [
        ("P1", "0", "350", "true", "false", "10.00"),
        ("P1", "350", "700", "true", "false", "10.00"),
        ("P1", "0", "700", "false", "true", "20.00"),
        ("P2", "0", "90", "true", "true", "0.00"),
    ]
    assert (trends.patients, trends.comparisons, dict(trends.left_out)) == (2, 4, {})
    assert trends.pictures == [Path("trends/P1.png"), Path("trends/P2.png")]
    assert sorted(p.name for p in (out / "trends").iterdir()) == ["P1.png", "P2.png"]
    assert sorted(p.name for p in out.iterdir()) == ["changes.csv", "changes_left_out.csv", "trends"]


def test_rows_are_those_of_compare(cohort: Cohort, tmp_path: Path) -> None:
    a, b = cohort.add("P1", 0, 0.1), cohort.add("P1", 365, 0.4)
    patient_trends(cohort.studies, tmp_path / "out", max_pictures=0)
    (row,) = table(tmp_path / "out")
    assert tuple(row) == ("patient", "days_prior", "days_current", "consecutive", "first_to_last", *pair_columns(known_scales()))
    (wanted,) = rows(compare_results(read_result(a.path, ""), read_result(b.path, ""), 365))
    assert {k: row[k] for k in pair_columns(known_scales())} == wanted
    assert not (tmp_path / "out" / "trends").exists()


def test_a_study_that_cannot_be_read_is_left_out_and_told(cohort: Cohort, tmp_path: Path) -> None:
    first = cohort.add("P1", 0, 0.1)
    cohort.add("P1", 100, refused_result(Reason.WATER_FAT_SWAP))
    cohort.add("P1", 150, read_result(first.path, ""))  # the same study again
    cohort.add("P1", 200, 0.2)
    cohort.add("P1", float("nan"), 0.2)
    cohort.studies.append(PatientStudy("P1", 250, tmp_path / "gone"))
    trends = patient_trends(cohort.studies, tmp_path / "out")
    assert [(r["days_prior"], r["days_current"], r["first_to_last"]) for r in table(tmp_path / "out")] == [("0", "200", "true")]
    reasons = [r["reason"] for r in table(tmp_path / "out", "changes_left_out.csv")]
    assert reasons == ["no_results", "study_twice", "input_not_found", "no_days"]
    assert trends.left_out == dict.fromkeys(reasons, 1)


def test_pictures_go_to_the_largest_changes_beyond_the_sdc(cohort: Cohort, tmp_path: Path) -> None:
    for patient, fat, other in (
        ("small", 0.15, {}),
        ("large", 0.40, {}),
        ("unsure", 0.45, {"sd": 0.3}),  # within its SDC
        ("review", 0.50, {"status": "needs_review"}),
        ("none", 0.10, {}),
    ):
        cohort.add(patient, 0, 0.1), cohort.add(patient, 10, fat, **other)
    trends = patient_trends(cohort.studies, tmp_path / "out", max_pictures=3)
    assert [p.stem for p in trends.pictures] == ["large", "small", "review"]
    again = patient_trends(cohort.studies, tmp_path / "out", max_pictures=1)
    assert again.pictures == [Path("trends/large.png")]
    assert [p.name for p in (tmp_path / "out" / "trends").iterdir()] == ["large.png"]  # those of the earlier run are gone


@pytest.mark.parametrize("patient", ["../../evil", "a/b", "", ".", "..", "Ünal", "x" * 200, "a\nb", "CON.png"])
def test_no_pseudonym_leaves_the_folder(patient: str) -> None:
    name = picture_name(patient)
    assert name == Path(name).name
    assert len(name) == 16
    assert picture_name("P-01_a") == "P-01_a.png"


def test_patients_come_whole_and_in_order() -> None:
    made = [PatientStudy(p, d, Path(str(i))) for i, (p, d) in enumerate([("b", 5), ("a", 1), ("b", 2), ("a", float("nan")), ("a", 0)])]
    assert [(p, [s.path.name for s in own]) for p, own in by_patient(made)] == [("a", ["4", "1", "3"]), ("b", ["2", "0"])]


def test_studies_csv(tmp_path: Path) -> None:
    (tmp_path / "studies.csv").write_text(
        "study,patient,days,state,folder\n1,P1,0,graded,studies/1\n2,P1,30.0,graded,studies/2\n3,,5,graded,studies/3\n4,P2,,graded,sub-4/ses-a\n5,P2,1,failed,\n"
    )
    found = from_studies_csv(tmp_path)
    assert [(s.patient, s.path) for s in found] == [
        ("P1", tmp_path / "studies/1/result.json"),
        ("P1", tmp_path / "studies/2/result.json"),
        ("P2", tmp_path / "sub-4/ses-a/anat/sub-4_ses-a_desc-glutei_result.json"),
    ]
    assert [s.days for s in found[:2]] == [0, 30]
    assert found[2].days != found[2].days


@pytest.mark.parametrize("text", [None, "", "study,patient\n1,P1\n"])
def test_without_the_columns_it_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "studies.csv").write_text(text)
    with pytest.raises(RefusedInput) as error:
        from_studies_csv(tmp_path)
    assert error.value.reason is Reason.NO_RESULTS


@pytest.mark.long
def test_memory_does_not_grow_with_the_patients(cohort: Cohort, tmp_path: Path) -> None:
    threshold = gc.get_threshold()

    def peak(patients: int) -> int:
        many = [PatientStudy(f"P{n:05}", s.days, s.path) for n in range(patients) for s in cohort.studies]
        gc.set_threshold(100)  # what is held counts, not what waits to be collected
        tracemalloc.start()
        trends = patient_trends(many, tmp_path / "out", max_pictures=0)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        gc.set_threshold(*threshold)
        assert trends.comparisons == patients == len(table(tmp_path / "out"))
        return top

    cohort.add("", 0, 0.1), cohort.add("", 10, 0.3)
    peak(5)  # caches
    few, many = peak(20), peak(320)
    assert many - few < 300 * 1500  # bytes a patient: two places in a sorted list, no result (tens of kB)


def test_a_side_is_drawn_for_what_it_has(cohort: Cohort, tmp_path: Path) -> None:
    cohort.add("P1", 0, result([muscle(), muscle(side=Side.LEFT)], "1" * 12))
    cohort.add("P1", 9, result([muscle()], "2" * 12))
    trends = patient_trends(cohort.studies, tmp_path / "out")
    assert [p.name for p in trends.pictures] == ["P1.png"]
    assert [r["reason"] for r in table(tmp_path / "out")] == ["", "no_label"]
