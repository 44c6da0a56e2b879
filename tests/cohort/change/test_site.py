"""Changes judged by the repeatability of a site: numbers by hand, and when the site file does not apply."""

import csv
import datetime
import math
from pathlib import Path

import pandas as pd
import pytest
import typer
import yaml

from gluteal_grade.cli.compare import compare
from gluteal_grade.cohort.change.cautions import Caution
from gluteal_grade.cohort.change.compare import compare_results
from gluteal_grade.cohort.change.models import Change, SdcSource
from gluteal_grade.cohort.change.output import columns
from gluteal_grade.cohort.change.patients import PatientStudy
from gluteal_grade.cohort.change.trends import patient_trends
from gluteal_grade.cohort.priors import prior_of, priors
from gluteal_grade.cohort.repeatability.site_file import Site, SiteEntry, keep_site, site_of_folder, write_site
from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.grading import known_scales
from gluteal_grade.report.html.tables import prior_rows
from gluteal_grade.result.models import MuscleResult
from gluteal_grade.vocabulary import Muscle, Region, Side
from tests.cohort.change.makers import muscle, result, with_core
from tests.cohort.stats.cohort_factory import study_row

PROVENANCE = result([muscle()]).provenance


def entry(quantity: str, rc: float, **other: object) -> SiteEntry:
    numbers = {"wsd": rc / 2.77, "wsd_low": rc / 4, "wsd_high": rc / 2, "rc": rc, "rc_low": rc / 1.5, "rc_high": rc * 1.5}
    given = {"muscle": Muscle.GLUTEUS_MAXIMUS, "region": Region.WHOLE, "side": Side.RIGHT, "labels": "given", "method": "dixon", "kind": ""}
    return SiteEntry(**(given | {"quantity": quantity, "unit": "u", "n": 20, "freedom": 20} | numbers | other))  # type: ignore[arg-type]


def site(*entries: SiteEntry, version: str = PROVENANCE.version) -> Site:
    return Site(
        format="gluteal-grade repeatability",
        format_version="1.0",
        name="Ward 3",
        protocol="3 T Dixon",
        date=datetime.date(2026, 11, 30),
        n=20,
        design="test-retest",
        made_by="gluteal-grade 0.2.0",
        versions=(version,),
        config_hashes=(PROVENANCE.config_hash,),
        model_hashes=(PROVENANCE.model_hash or "",),
        entries=entries,
    )


LABELS = "automatic" if (s := result([muscle()]).segmentation) is not None and s.automatic else "given"
BOTH = site(entry("fat_fraction", 1.5, labels=LABELS), entry("volume_ml", 30.0, labels=LABELS))


def both(prior: MuscleResult, current: MuscleResult, by: Site | None = BOTH) -> Change:
    (change,) = compare_results(result([prior]), result([current], "b" * 12), site=by).changes
    return change


def test_the_site_decides() -> None:
    """A change of 2 points and of -40 ml: within the stated uncertainty (SDC 13.9 points, none for volume), beyond the site's."""
    then, now = muscle(fat=0.10, sd=0.05, volume=800), muscle(fat=0.12, sd=0.05, volume=760)
    c = both(then, now)
    assert (c.sdc_points, c.sdc_source, c.beyond_sdc) == (1.5, SdcSource.SITE, True)
    assert (c.fat_change_low, c.fat_change_high) == pytest.approx((0.5, 3.5))
    assert (c.volume_sdc_ml, c.volume_beyond_sdc, c.volume_sdc_reason) == (30.0, True, None)
    assert c.words == "more fat than before, beyond the repeatability of the site; smaller volume, beyond the repeatability of the site"
    assert not c.cautions
    alone = both(then, now, None)
    assert (alone.sdc_source, alone.beyond_sdc) == (SdcSource.STATED, False)
    assert math.isnan(alone.volume_sdc_ml)
    assert (alone.volume_beyond_sdc, alone.volume_sdc_reason) == (None, Caution.NO_STATED_INTERVAL)


def test_and_calls_small_changes_none() -> None:
    c = both(muscle(fat=0.10, sd=0.001, volume=800), muscle(fat=0.11, sd=0.001, volume=790))
    assert (c.beyond_sdc, c.volume_beyond_sdc) == (False, False)
    assert c.words == "change within the repeatability of the site"
    assert both(muscle(fat=0.10, sd=0.001), muscle(fat=0.11, sd=0.001), None).beyond_sdc is True


@pytest.mark.parametrize(
    "other",
    [
        entry("fat_fraction", 1.5, labels=LABELS, method="t1"),
        entry("fat_fraction", 1.5, labels=LABELS, side=Side.LEFT),
        entry("fat_fraction", 1.5, labels=LABELS, kind="other"),
        entry("fat_fraction", 1.5, labels="given" if LABELS == "automatic" else "automatic"),
        entry("fat_fraction_core", 1.5, labels=LABELS),
    ],
)
def test_what_the_site_did_not_measure_keeps_the_lower_bound(other: SiteEntry) -> None:
    c = both(muscle(fat=0.10, sd=0.05), muscle(fat=0.12, sd=0.05), site(other))
    assert (c.sdc_source, c.beyond_sdc) == (SdcSource.STATED, False)
    assert c.cautions == (Caution.NOT_IN_SITE_FILE,)
    assert c.volume_sdc_reason is Caution.NOT_IN_SITE_FILE


def test_the_core_has_its_own() -> None:
    then, now = with_core(muscle(fat=0.14, sd=0.05), 0.10, 0.05), with_core(muscle(fat=0.15, sd=0.05), 0.12, 0.05)
    by = site(entry("fat_fraction", 9.0, labels=LABELS), entry("fat_fraction_core", 1.0, labels=LABELS))
    assert (both(then, now, by).sdc_points, both(then, now, by).beyond_sdc) == (1.0, True)


def test_two_methods_are_not_compared_by_a_site() -> None:
    c = both(muscle(fat=0.10), muscle(fat=0.12, method="t1"))
    assert (c.reason, c.sdc_source) == (Reason.DIFFERENT_METHODS, None)


def test_another_program_is_told() -> None:
    by = site(entry("fat_fraction", 1.5, labels=LABELS), version="0.0.1")
    told = compare_results(result([muscle()]), result([muscle()], "b" * 12), site=by)
    assert [c.code for c in told.cautions] == [Caution.OTHER_THAN_SITE]
    assert told.site is not None
    assert told.site.words == "Ward 3, 3 T Dixon (20 subjects, test-retest, 2026-11-30)"
    assert not any(
        "lower bound: 1.96 x sqrt(variance of prior + variance of current) of the stated uncertainty only. Rep" in a
        for a in told.assumptions
    )


def folder(path: Path, study: str, fat: float, volume: float) -> Path:
    path.mkdir(parents=True)
    (path / "result.json").write_text(result([muscle(fat=fat, sd=0.05, volume=volume)], study).to_json())
    return path


def test_compare_trends_and_report_take_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One file, three ways: all call the same change real that none of them does without it."""
    first, second = folder(tmp_path / "a", "a" * 12, 0.10, 800), folder(tmp_path / "b", "b" * 12, 0.12, 760)
    path = write_site(BOTH, tmp_path / "site.yaml")
    app = typer.Typer()
    app.command()(compare)
    app([str(first), str(second), "-o", str(tmp_path / "out"), "--site", str(path)], standalone_mode=False)
    assert "Judged by the repeatability of Ward 3" in capsys.readouterr().out
    with (tmp_path / "out" / "compare.csv").open() as stream:
        (row,) = csv.DictReader(stream)
    assert tuple(row) == columns(known_scales())
    assert (row["sdc_points"], row["sdc_source"], row["beyond_sdc"]) == ("1.50", "site", "true")
    assert (row["volume_sdc_ml"], row["volume_beyond_sdc"], row["volume_sdc_reason"]) == ("30.00", "true", "")
    studies = [PatientStudy("P1", day, where) for day, where in ((0.0, first), (30.0, second))]
    patient_trends(studies, tmp_path, 0, site=site_of_folder(tmp_path))
    with (tmp_path / "changes.csv").open() as stream:
        assert [r["sdc_source"] for r in csv.DictReader(stream)] == ["site"]
    made = [result([muscle(fat=f, sd=0.05, volume=v)], s * 12) for s, f, v in (("a", 0.10, 800), ("b", 0.12, 760))]
    prior = prior_of(*made, site=BOTH)
    assert prior.site.startswith("Ward 3")
    ((_, _, _, cells, _),) = prior_rows(prior)
    assert (cells[-1].small, cells[-1].mark) == ("-5.0 %; SDC 30.0", "beyond")


def test_a_damaged_site_file_is_refused(tmp_path: Path) -> None:
    assert site_of_folder(tmp_path) is None
    path = write_site(BOTH, tmp_path / "site.yaml")
    assert site_of_folder(tmp_path) == BOTH
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    data["entries"][0]["rc"] = -1
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(RefusedInput) as refused:
        site_of_folder(tmp_path)
    assert refused.value.reason is Reason.SITE_UNREADABLE
    assert "entries.0.rc" in refused.value.detail


def test_a_folder_keeps_the_file_and_its_reports_judge_by_it(tmp_path: Path) -> None:
    """`batch` with `report.site`, `cohort summary --site` and `report --site` all put it there."""
    out, given = tmp_path / "out", write_site(BOTH, tmp_path / "mine.yaml")
    for study, fat, volume in (("a" * 12, 0.10, 800), ("b" * 12, 0.12, 760)):
        folder(out / study, study, fat, volume)
    rows = [study_row(study, patient="P1", days=day) for study, day in (("a" * 12, 0), ("b" * 12, 30))]
    pd.DataFrame(rows).to_csv(out / "studies.csv", index=False)
    assert priors(out)["b" * 12].site == ""
    keep_site(out, None)
    assert not (out / "site.yaml").exists()
    keep_site(out, given)
    prior = priors(out)["b" * 12]
    assert prior.site == BOTH.words
    assert [(r.sdc_points, r.beyond, r.volume_sdc_ml, r.volume_beyond) for r in prior.rows] == [(1.5, True, 30.0, True)]
    given.write_text("nonsense: [", encoding="utf-8")
    with pytest.raises(RefusedInput) as refused:
        keep_site(out, given)
    assert refused.value.reason is Reason.SITE_UNREADABLE
    assert site_of_folder(out) == BOTH  # the one that was kept stays


def test_the_setting_is_no_part_of_the_hash(tmp_path: Path) -> None:
    """Results need not be made again when only the judging of changes is."""
    settings = load_settings({"report.site": str(tmp_path / "site.yaml")})
    assert settings.report.site == tmp_path / "site.yaml"
    assert settings.hash() == load_settings().hash()
