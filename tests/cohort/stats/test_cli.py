"""`stats` as the lead registers it: files, stdout, exit codes."""

import contextlib
import io
from pathlib import Path

import matplotlib.image as mpimg
import numpy as np
import pandas as pd
import pytest
import typer

from gluteal_grade.cli.cohort import stats
from gluteal_grade.cohort.stats.comparisons import COLUMNS, as_row
from gluteal_grade.cohort.stats.models import COLUMNS as MODEL_COLUMNS
from gluteal_grade.cohort.stats.options import StatsOptions
from gluteal_grade.cohort.stats.output import FILES
from gluteal_grade.cohort.stats.report import StatsReport, compute_statistics
from tests.cohort.stats.cohort_factory import cohort

app = typer.Typer()
app.command()(stats)


def run(*arguments: object) -> int:
    return int(app([str(a) for a in arguments], standalone_mode=False) or 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return cohort(tmp_path / "out", {"Kontrolle": 9, "Hüft-TEP 人工": 8}, seed=2)


@pytest.fixture(scope="module")
def with_regions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, StatsReport]:
    """A cohort with regions and its statistics, what was said of them, and what was written, as it was in memory."""
    folder = cohort(tmp_path_factory.mktemp("regions") / "out", {"Kontrolle": 9, "Hüft-TEP 人工": 8}, regions=True, seed=2)
    made: list[StatsReport] = []

    def kept(folder: Path, options: StatsOptions) -> StatsReport:
        assert options == StatsOptions()
        made.append(compute_statistics(folder, options))
        return made[-1]

    with contextlib.redirect_stdout(io.StringIO()) as told, pytest.MonkeyPatch.context() as patch:
        patch.setattr("gluteal_grade.cohort.stats.compute_statistics", kept)
        assert run(folder) == 0
    return folder, told.getvalue(), made[0]


@pytest.mark.long
def test_all_files(with_regions: tuple[Path, str, StatsReport]) -> None:
    folder, text, memory = with_regions
    out = folder / "stats"
    assert sorted(p.name for p in out.iterdir()) == sorted(FILES)
    assert sorted(p.name for p in folder.iterdir()) == ["cohort.csv", "stats", "studies.csv"]
    assert "17 studies of 17 patients counted." in text
    assert "are mixed" not in text
    table = pd.read_csv(out / "stats.csv", keep_default_na=False, na_values=["NaN"])
    assert tuple(table.columns) == COLUMNS
    assert len(table) == len(memory.comparisons)
    for told, c in zip(table.to_dict("records"), memory.comparisons, strict=True):
        for name, value in as_row(c).items():
            assert told[name] == (pytest.approx(value, rel=1e-5, nan_ok=True) if isinstance(value, float) else value)
    models = pd.read_csv(out / "models.csv", keep_default_na=False, na_values=["NaN"])
    assert tuple(models.columns) == MODEL_COLUMNS
    assert list(models["estimate"]) == pytest.approx([m.estimate for m in memory.models], rel=1e-5, nan_ok=True)
    for name in ("effects.png", "effects_regions.png"):
        picture = mpimg.imread(out / name)
        assert picture.shape[1] == 1870
        assert (np.abs(picture[..., :3] - 1).max(axis=2) > 0.3).mean() > 0.005  # something is drawn


@pytest.mark.long
def test_the_same_twice(folder: Path, tmp_path: Path) -> None:
    run(folder)
    run(folder, "-o", tmp_path / "again")
    for name in FILES[:5]:
        assert (folder / "stats" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_methods_paragraph(with_regions: tuple[Path, str, StatsReport]) -> None:
    folder, *_ = with_regions
    text = (folder / "stats" / "methods.txt").read_text(encoding="utf-8")
    for words in (
        "version 0.9.0 (settings c0ffee)", "automatically in 17 studies (model beef)", "Dixon water and fat (102 muscles)",
        "Of 17 studies, 17 of 17 patients",
        "Hüft-TEP 人工 (8), Kontrolle (9)", "seed 20240601", "Holm (1979)", "by group: 21", "by group, regions: 49",
        "of the muscle itself, mixing at its border undone, in 102 muscles", "scan-rescan",
        "Research use",
        f"statsmodels {__import__('statsmodels').__version__}", "Laird NM, Ware JH",
    ):  # fmt: skip
        assert words in text, words
    assert "are mixed" not in text


@pytest.mark.long
def test_mixed_studies_are_warned_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    studies = pd.read_csv(folder / "studies.csv", dtype=str, keep_default_na=False)
    studies.loc[:2, "config_hash"] = "other"
    studies.loc[:4, "model_hash"], studies.loc[:4, "automatic"] = "", "false"
    studies.to_csv(folder / "studies.csv", index=False)
    table = pd.read_csv(folder / "cohort.csv", dtype=str, keep_default_na=False)
    control = set(studies.loc[studies["group"] == "Kontrolle", "study"])
    table.loc[table["study"].isin(control), "method"] = "t1"
    table.to_csv(folder / "cohort.csv", index=False)
    assert run(folder, "--quiet") == 0
    text, methods = capsys.readouterr().out, (folder / "stats" / "methods.txt").read_text(encoding="utf-8")
    for words in (
        "different settings (config_hash) are mixed: c0ffee in 14, other in 3",
        "(model_hash) are mixed: beef in 12, none given in 5",
        "different methods (dixon in 48, t1 in 54 muscles)",
        "No fat method occurs in two groups of group",
        "Automatic labels and given ones are mixed",
    ):
        assert words in text
        assert words in methods
    models = pd.read_csv(folder / "stats" / "models.csv", keep_default_na=False)
    assert models.loc[models["outcome"] == "fat_fraction", "note"].str.contains("method not in the model").all()


@pytest.mark.long
def test_no_patient_in_any_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.read_csv(folder / "studies.csv", dtype=str, keep_default_na=False)
    table["patient"] = "Mustermann" + table["patient"]
    table["source"] = "/clinic/Mustermann"
    table.to_csv(folder / "studies.csv", index=False)
    run(folder)
    assert "Mustermann" not in capsys.readouterr().out
    assert not [p.name for p in (folder / "stats").iterdir() if b"Mustermann" in p.read_bytes()]


def test_stale_files_go_and_others_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = cohort(tmp_path / "out", {"a": 1})
    target = folder / "stats"
    target.mkdir()
    for name in ("effects.png", "mine.txt"):
        (target / name).write_text("old")
    assert run(folder) == 0
    assert sorted(p.name for p in target.iterdir()) == ["left_out.csv", "methods.txt", "mine.txt", "models.csv", "stats.csv"]
    text = capsys.readouterr().out
    assert "0 of " in text
    assert "Fewer than two groups by group" in text
    assert "1 study of 1 patient counted." in text


@pytest.mark.long
def test_usage_and_refusal(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in (
        (["--group", "site"], "no column site"),
        (["--group", "study"], "17 different values"),
        (["--include", "graded,missing"], "not missing"),
        (["--include", ""], "not nothing"),
    ):
        with pytest.raises(typer.BadParameter, match=words):
            run(folder, *arguments)
    assert not (folder / "stats").exists()
    assert run(tmp_path / "nowhere") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("refused: no_results: cohort.csv is not there\n")
    (tmp_path / "file").write_text("")
    assert run(folder, "-o", tmp_path / "file" / "x") == 1
    assert "output_not_writable" in capsys.readouterr().err


@pytest.mark.long
def test_any_column_groups(folder: Path) -> None:
    table = pd.read_csv(folder / "studies.csv", dtype=str, keep_default_na=False)
    table["site"] = ["north", "south"] * 8 + [""]
    table.to_csv(folder / "studies.csv", index=False)
    assert run(folder, "--group", "site", "--include", "graded, partial", "--all-studies", "-q") == 0
    done = pd.read_csv(folder / "stats" / "stats.csv")
    site = done[done["comparison"] == "by site"]
    assert {*site["level_a"], *site["level_b"]} == {"north", "south"}
    assert set(site["n_a"]) == set(site["n_b"]) == {8}
    assert "1 without a group" in (folder / "stats" / "methods.txt").read_text(encoding="utf-8")
