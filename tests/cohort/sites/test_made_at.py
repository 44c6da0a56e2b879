"""Sites in the mixed models of `cohort stats`: random where there are enough, else fixed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gluteal_grade.cohort.made_at import made_at
from gluteal_grade.cohort.stats.load import read_tables
from gluteal_grade.cohort.stats.models import ModelRow, models
from gluteal_grade.cohort.stats.options import StatsOptions
from gluteal_grade.cohort.stats.select import NoGrouping, select
from tests.cohort.sites.site_factory import sites

SHIFTS = dict(zip("ABCDEF", (4.0, -4.0, 2.0, -2.0, 3.0, -3.0), strict=True))


def fitted(folder: Path, site: str) -> list[ModelRow]:
    options = StatsOptions(site=site)
    return models(select(read_tables(folder), options), options)


def of(rows: list[ModelRow], variable: str, outcome: str = "fat_fraction", muscle: str = "gluteus_medius") -> list[ModelRow]:
    return [r for r in rows if (r.variable, r.outcome, r.muscle, r.region) == (variable, outcome, muscle, "whole")]


def test_many_sites_are_a_random_effect(tmp_path: Path) -> None:
    folder = sites(tmp_path / "out", dict.fromkeys(SHIFTS, 12), fat_points=SHIFTS)
    rows = fitted(folder, "site")
    (of_site,) = of(rows, "site")
    assert of_site.kind == "variance"
    assert np.sqrt(of_site.estimate) == pytest.approx(np.std(list(SHIFTS.values()), ddof=1), rel=0.4)
    (patient,) = [r for r in of(rows, "patient") if r.kind == "variance"]
    assert np.sqrt(patient.estimate) == pytest.approx(4.0, rel=0.25)
    (age,) = of(rows, "age")
    assert age.estimate == pytest.approx(0.2, abs=3 * age.se)
    assert age.df == 72 - 6 - 2  # patients less sites less the effects that vary between patients: sex, age
    (without,) = [r for r in of(fitted(folder, ""), "patient") if r.kind == "variance"]
    assert without.estimate > patient.estimate  # what sites differ by was taken for the patients'


def test_few_sites_are_a_fixed_effect(tmp_path: Path) -> None:
    folder = sites(tmp_path / "out", {"A": 20, "B": 20}, fat_points={"B": 5.0})
    (row,) = of(fitted(folder, "scanner"), "scanner")
    assert (row.kind, row.level, row.reference) == ("fixed", "SIEMENS Skyra", "Philips Ingenia")
    assert row.estimate == pytest.approx(-5.0, abs=3 * row.se)


def test_one_site_and_no_such_column_are_told(tmp_path: Path) -> None:
    folder = sites(tmp_path / "out", {"A": 12})
    rows = fitted(folder, "site")
    assert all("site not in the model: fewer than two sites" in r.note for r in rows)
    with pytest.raises(NoGrouping, match="ward"):
        fitted(folder, "ward")


def test_a_study_of_two_scanners_names_both() -> None:
    studies = pd.DataFrame({"study": ["a", "b", "c"]})
    rows = pd.DataFrame(
        {
            "study": ["a", "a", "b"],
            "manufacturer": ["GE", "Philips", "GE"],
            "scanner_model": ["X", "Y", ""],
            "field_strength_t": ["3.00", "1.49", "NaN"],
        }
    )
    assert made_at("scanner", studies, rows) == ["GE X + Philips Y", "GE", ""]
    assert made_at("field", studies, rows) == ["1.5 T + 3 T", "", ""]
    assert made_at("software", studies, rows) == ["", "", ""]  # of an older version
