"""The files of a calibration: what stands in them, and that they are the same every time."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from gluteal_grade.errors import RefusedInput
from gluteal_grade.grading import load_scales
from gluteal_grade.review.agreement import Rater, read_ratings
from gluteal_grade.review.calibration import CalibrationReport, fractions_of_folder, fractions_of_ratings, write_calibration
from tests.review.calibration.readers import calibrated, cohort_file, lines, ratings_file, reading


@pytest.fixture(scope="module")
def report() -> CalibrationReport:
    return calibrated(reading())


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_files(report: CalibrationReport, tmp_path: Path) -> None:
    written = write_calibration(report, tmp_path / "out")
    names = ["calibration.html", "edges.csv", "kappas.csv", "edges.png", "grading.yaml", "settings.yaml"]
    assert [p.name for p in written] == names
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(names)
    first = {p.name: p.read_bytes() for p in written}
    write_calibration(report, tmp_path / "out")
    assert {p.name: p.read_bytes() for p in written} == first
    (one,) = report.found
    rows = table(tmp_path / "out" / "edges.csv")
    assert [(r["edge"], r["reader"]) for r in rows] == [(f"{n}|{n + 1}", who) for n in range(4) for who in ("all", "A", "B")]
    assert [float(r["at"]) for r in rows if r["reader"] == "all"] == pytest.approx([e.at for e in one.edges], abs=1e-6)
    assert {r["profile"] for r in rows} == {"calibrated"}
    kappas = {r["comparison"]: r for r in table(tmp_path / "out" / "kappas.csv")}
    assert one.bar is not None
    assert float(kappas["difference"]["kappa_quadratic"]) == pytest.approx(one.bar.program - one.bar.readers, abs=1e-5)
    assert (kappas["difference"]["bar"], kappas["A vs B"]["bar"]) == ("met", "")
    page = (tmp_path / "out" / "calibration.html").read_text()
    assert one.bar.words in page
    assert page.count("data:image/png;base64,") == 1
    assert "http" not in page


def test_the_profile_is_laid_over_the_scales(report: CalibrationReport, tmp_path: Path) -> None:
    write_calibration(report, tmp_path)
    before, after = load_scales(), load_scales(tmp_path / "grading.yaml", {"quartile": "calibrated"})
    assert after.scales["quartile"].active.edges != before.scales["quartile"].active.edges
    assert [e.at for e in after.scales["quartile"].active.edges] == pytest.approx([e.at for e in report.found[0].edges], abs=5e-5)
    assert [e.on_edge for e in after.scales["quartile"].active.edges] == ["lower"] * 4
    assert not after.scales["quartile"].active.unverified
    assert load_scales(tmp_path / "grading.yaml").words == before.words
    assert all(after.scales[key] == before.scales[key] for key in ("goutallier", "bal_lowe"))


def test_a_scale_whose_edges_stood_in_no_source_keeps_its_mark(tmp_path: Path) -> None:
    scales = load_scales()
    rule = scales.scales["quartile"]
    profiles = {rule.profile: rule.active.model_copy(update={"unverified": True})}
    own = scales.model_copy(update={"scales": scales.scales | {"quartile": rule.model_copy(update={"profiles": profiles})}})
    write_calibration(calibrated(reading(), own), tmp_path)
    assert load_scales(tmp_path / "grading.yaml").scales["quartile"].profiles["calibrated"].unverified


def test_without_edges_no_profile_and_an_old_one_goes(report: CalibrationReport, tmp_path: Path) -> None:
    write_calibration(report, tmp_path)
    none = calibrated(reading(12))
    assert [p.name for p in write_calibration(none, tmp_path)] == ["calibration.html", "edges.csv", "kappas.csv"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["calibration.html", "edges.csv", "kappas.csv"]
    (row,) = table(tmp_path / "edges.csv")
    assert (row["reason"], row["at"], row["profile"]) == ("too_few_studies", "NaN", "")
    page = (tmp_path / "calibration.html").read_text()
    assert "No edges written: too_few_studies" in page
    assert "no profile was written" in page


def test_readers_names_are_made_safe(tmp_path: Path) -> None:
    one = reading()
    ratings = replace(one.ratings, scales=(replace(one.ratings.scales[0], raters=(Rater("=1+1", 1), Rater("<b>", 1))),))
    write_calibration(calibrated(replace(one, ratings=ratings)), tmp_path)
    assert {r["reader"] for r in table(tmp_path / "edges.csv")} == {"all", "'=1+1", "<b>"}
    page = (tmp_path / "calibration.html").read_text()
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    assert "1+1" not in (tmp_path / "grading.yaml").read_text()


def test_fractions_of_a_folder_and_of_the_ratings_are_the_same(tmp_path: Path) -> None:
    one = reading()
    given = read_ratings(ratings_file(tmp_path / "r.csv", lines(one)))
    folder, rows = fractions_of_folder(cohort_file(tmp_path / "out", one)), fractions_of_ratings(given)
    assert set(folder.muscles) == set(rows.muscles) == set(one.fractions.muscles)
    for unit, measured in one.fractions.muscles.items():
        assert rows.muscles[unit].values["fat_fraction_core"] == pytest.approx(measured.values["fat_fraction_core"], abs=1e-6)
        assert folder.muscles[unit].values["fat_fraction_core"] == pytest.approx(measured.values["fat_fraction_core"], abs=1e-4)
        assert (folder.muscles[unit].status, folder.muscles[unit].method) == ("graded", "dixon")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace("fat_fraction,", "fat,", 1), "no_results"),
        (lambda text: text + text.splitlines()[1] + "\n", "study_twice"),
        (lambda text: text.replace("\n", '\n"', 1), "no_results"),
    ],
)
def test_tables_that_are_none(tmp_path: Path, change, code: str) -> None:
    out = cohort_file(tmp_path, reading())
    (out / "cohort.csv").write_text(change((out / "cohort.csv").read_text()))
    with pytest.raises(RefusedInput) as refused:
        fractions_of_folder(out)
    assert refused.value.reason == code


def test_patients_of_a_folder(tmp_path: Path) -> None:
    out = cohort_file(tmp_path, reading())
    (out / "studies.csv").write_text("study,state,patient\ns0000,graded,p1\ns0001,graded,\ns0002,graded,p1\n")
    assert fractions_of_folder(out).patients == {"s0000": "p1", "s0002": "p1"}


def test_a_folder_without_a_cohort_is_read_study_by_study(tmp_path: Path) -> None:
    """As several runs of `grade` leave it."""
    one = reading()
    text = (cohort_file(tmp_path / "all", one) / "cohort.csv").read_text().splitlines()
    for n, study in enumerate(one.ratings.names):
        folder = tmp_path / "out" / f"{n:012x}"
        folder.mkdir(parents=True)
        (folder / "result.json").write_text("{}")
        rows = [text[0], *(row for row in text if row.startswith(f"{study},"))]
        (folder / "muscles.csv").write_text("\n".join(rows) + "\n")
    apart, together = (fractions_of_folder(tmp_path / name).muscles for name in ("out", "all"))
    assert {unit: m.values["fat_fraction_core"] for unit, m in apart.items()} == {
        unit: m.values["fat_fraction_core"] for unit, m in together.items()
    }


def test_a_folder_without_tables(tmp_path: Path) -> None:
    with pytest.raises(RefusedInput, match=r"no_results: neither cohort\.csv nor"):
        fractions_of_folder(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RefusedInput, match="input_not_found: no such folder"):
        fractions_of_folder(tmp_path / "absent")
