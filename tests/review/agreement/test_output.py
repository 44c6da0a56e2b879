"""The files: table read back, page safe and accessible, the same bytes twice."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import matplotlib.image as mpimg
import numpy as np
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.review.agreement.comparisons import comparisons
from gluteal_grade.review.agreement.compute import compute_agreement
from gluteal_grade.review.agreement.labels import figure_names, label
from gluteal_grade.review.agreement.output import as_row, write_agreement
from gluteal_grade.review.agreement.ratings_csv import read_ratings
from gluteal_grade.review.agreement.report import COLUMNS, AgreementOptions, AgreementReport
from tests.review.agreement.tables import reading, written

FORMULA, MARKUP = "=1+1", "<script>document.title='x'</script>"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> AgreementReport:
    lines = [*reading(21, (FORMULA, MARKUP, "program")), f"{FORMULA},1,s000,,,<b>own</b>,1", f"{MARKUP},1,s000,,,<b>own</b>,2"]
    return compute_agreement(read_ratings(written(tmp_path_factory.mktemp("in") / "r.csv", lines)), AgreementOptions(200))


@pytest.fixture(scope="module")
def folder(found: AgreementReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "new"
    write_agreement(found, out)
    return out


@pytest.mark.long
def test_files(folder: Path) -> None:
    assert sorted(p.name for p in folder.iterdir()) == ["agreement.csv", "agreement.html", "figures"]
    names = ["bland_altman.png", "confusion_bursa.png", "confusion_quartile.png", "confusion_scale_4.png", "kappas.png", "muscles.png"]
    assert sorted(p.name for p in (folder / "figures").iterdir()) == names
    for name in names:
        picture = mpimg.imread(folder / "figures" / name)
        assert (np.abs(picture[..., :3] - 1).max(axis=2) > 0.3).mean() > 0.004  # something is drawn


def test_read_back(folder: Path, found: AgreementReport) -> None:
    table = pd.read_csv(folder / "agreement.csv", keep_default_na=False, na_values={c: ["NaN"] for c in ("value", "low", "high")})
    assert tuple(table.columns) == COLUMNS
    assert COLUMNS[:6] == ("scale", "comparison", "statistic", "value", "low", "high")
    assert len(table) == len(found.rows)
    for told, r in zip(table.to_dict("records"), found.rows, strict=True):
        for name, value in as_row(r).items():
            assert math.isnan(told[name]) if value == "NaN" else told[name] == value
    assert "nan" not in (folder / "agreement.csv").read_text()


def test_no_cell_is_a_formula_and_no_study_is_named(folder: Path) -> None:
    text = (folder / "agreement.csv").read_text(encoding="utf-8")
    assert f",'{FORMULA} vs program," in text
    cells = [cell for line in text.splitlines()[1:] for cell in line.split(",")]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    assert "s000" not in text
    assert "s000" not in (folder / "agreement.html").read_text(encoding="utf-8")


@pytest.mark.long
def test_same_bytes_twice(folder: Path, found: AgreementReport, tmp_path: Path) -> None:
    again = tmp_path / "again"
    write_agreement(found, again)
    files = [p.relative_to(folder) for p in folder.rglob("*") if p.is_file()]
    assert all((folder / p).read_bytes() == (again / p).read_bytes() for p in files)


@pytest.mark.long
def test_page_in_a_browser(folder: Path, chromium: Any) -> None:
    asked: list[str] = []
    said: list[str] = []
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    page.on("request", lambda r: asked.append(r.url.split(":")[0]))
    page.on("console", lambda m: said.append(m.text))
    page.goto((folder / "agreement.html").as_uri())
    assert page.title() == "Agreement of readers"  # the script in a reader's id did not run
    assert page.locator("th bdi", has_text=MARKUP).count() > 0
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    paragraph = page.locator("#methods-text").inner_text()
    faults = Axe().run(page).response
    page.close()
    assert set(asked) <= {"file", "data"}
    assert not said
    assert faults["passes"]
    assert [v["id"] for v in faults["violations"] if v["impact"] in ("serious", "critical")] == []
    for words in ("2 readers rated 21 studies", "200 resamples of studies", "ICC(2,1)", "Krippendorff's alpha", "quadratically"):
        assert words in paragraph


def test_page_tells_published_figures_and_what_is_missing(folder: Path) -> None:
    text = (folder / "agreement.html").read_text(encoding="utf-8")
    for words in ("10.1007/s00256-020-03611-9", "weights not stated by us", "Landis", "Missing ratings", "scale not known"):
        assert words in text
    assert "29587967" not in text  # Goutallier was not rated


@pytest.mark.long
def test_figures_of_an_earlier_run_go_and_others_stay(found: AgreementReport, tmp_path: Path) -> None:
    figures = tmp_path / "figures"
    figures.mkdir()
    for name in ("confusion_goutallier.png", "mine.png"):
        (figures / name).touch()
    write_agreement(found, tmp_path)
    assert (figures / "mine.png").exists()
    assert not (figures / "confusion_goutallier.png").exists()


def test_nothing_defined_gives_a_page_without_that_figure(tmp_path: Path) -> None:
    lines = [f"{r},1,s{n},gluteus_medius,right,fat_fraction,0.2" for n in range(4) for r in "AB"]
    write_agreement(compute_agreement(read_ratings(written(tmp_path / "r.csv", lines)), AgreementOptions(200)), tmp_path)
    assert [p.name for p in (tmp_path / "figures").iterdir()] == ["bland_altman.png"]
    assert "all ratings alike: not defined" in (tmp_path / "agreement.html").read_text(encoding="utf-8")


def test_nowhere_to_write(found: AgreementReport, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TransientFailure) as caught:
        write_agreement(found, tmp_path / "file")
    assert caught.value.reason is Reason.OUTPUT_NOT_WRITABLE


def test_readers_that_do_not_fit_a_figure_are_numbered(found: AgreementReport) -> None:
    assert figure_names(found.ratings.readers) == {MARKUP: "reader 1", FORMULA: "reader 2", "program": "program"}
    assert figure_names(("A", "読影者")) == {"A": "reader 1", "読影者": "reader 2"}
    assert figure_names(("A", "B.Müller", "program")) == {"A": "A", "B.Müller": "B.Müller", "program": "program"}
    quartile = found.ratings.scales[0]
    named = [label(found, quartile, c) for c in comparisons(quartile.raters)]
    assert named == ["reader 1 vs reader 2", "all readers", "reader 1 vs program", "reader 2 vs program", "reader 2 read 1 vs 2"]


def test_the_page_says_who_they_are(folder: Path) -> None:
    text = (folder / "agreement.html").read_text(encoding="utf-8")
    assert "reader 2 is <bdi>=1+1</bdi>." in text
    assert MARKUP not in text
