"""Sites compared and harmonised: known effects come back, sound cohorts stay as they are, and what must not be harmonised is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer

from gluteal_grade.cli.cohort import app
from gluteal_grade.cohort.sites import SitesOptions, SitesReport, compute_sites
from gluteal_grade.cohort.stats import NoGrouping
from gluteal_grade.errors import Reason, RefusedInput
from tests.cohort.sites.site_factory import sites

SIZES = {"Ulm": 90, "Wien": 110, "Basel": 70}
FAT = {"Ulm": 4.0, "Wien": -2.0}
HARMONISE = {"by": ("site",), "harmonise": "site"}


def run(*arguments: object) -> int:
    return int(app(["sites", *map(str, arguments)], standalone_mode=False) or 0)


def of(report: SitesReport, values: str, quantity: str, muscle: str = "gluteus_medius") -> dict[str, float]:
    """Difference of each site from the average of sites."""
    return {
        r.site: r.difference
        for r in report.sites
        if (r.place.values, r.place.by, r.place.quantity, r.place.muscle) == (values, "site", quantity, muscle)
    }


@pytest.fixture(scope="module")
def shifted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SitesReport]:
    """Three sites, of which two read fat higher or lower, one measures 8 % more volume, and one spreads more."""
    folder = sites(tmp_path_factory.mktemp("sites") / "out", SIZES, fat_points=FAT, volume_share={"Ulm": 0.08}, spread={"Basel": 1.5})
    return folder, compute_sites(folder, SitesOptions(harmonise="site"))


def test_known_effects_come_back(shifted: tuple[Path, SitesReport]) -> None:
    found = of(shifted[1], "measured", "fat_fraction_core")
    assert found["Ulm"] - found["Wien"] == pytest.approx(6.0, abs=1.2)  # SE of a difference: 0.6 points
    effect = next(e for e in shifted[1].effects if (e.place.by, e.place.quantity) == ("site", "fat_fraction_core"))
    assert effect.p_holm < 1e-6
    assert effect.held == "sex, age"
    assert effect.spread_p < 0.01
    ends = {r.site: (r.low, r.adjusted, r.high) for r in shifted[1].sites if r.place == effect.place}
    assert all(low < middle < high for low, middle, high in ends.values())


def test_harmonised_sites_agree_and_people_keep_what_is_theirs(shifted: tuple[Path, SitesReport]) -> None:
    folder, report = shifted
    after = of(report, "harmonised", "fat_fraction_core")
    assert max(map(abs, after.values())) < 0.3
    assert max(map(abs, of(report, "harmonised", "volume_ml").values())) < 5
    assert not [e for e in report.effects if e.place.values == "harmonised"]  # a test on the same studies would say nothing
    assert report.harmonised is not None
    values = report.harmonised.values.merge(pd.read_csv(folder / "studies.csv", dtype={"study": str}), on="study")
    slope = np.polyfit(values["age"], values["fat_fraction_core_harmonised"], 1)[0]
    assert slope == pytest.approx(0.2, abs=0.05)  # the effect of age stays
    shifts = pd.DataFrame([vars(s) for s in report.harmonised.shifts])
    fat = shifts[shifts["quantity"] == "fat_fraction_core"].groupby("site")[["shift", "spread"]].mean()
    assert fat.loc["Ulm", "shift"] - fat.loc["Wien", "shift"] == pytest.approx(6.0, abs=1.2)
    assert fat["spread"].idxmax() == "Basel"
    assert fat.loc["Basel", "spread"] / fat.loc["Ulm", "spread"] == pytest.approx(1.5, abs=0.3)


def test_the_library_computes_what_its_authors_publish(shifted: tuple[Path, SitesReport]) -> None:
    """Johnson 2007, equations (3.1) and of section 3: written out here for one quantity, without the library."""
    folder, report = shifted
    assert report.harmonised is not None
    studies = pd.read_csv(folder / "studies.csv", dtype={"study": str}).set_index("study").sort_index()
    table = report.harmonised.values.pivot(
        index="study", columns=["muscle", "side"], values=["volume_ml", "volume_ml_harmonised"]
    ).sort_index()
    y, expected = table["volume_ml"].to_numpy(float), table["volume_ml_harmonised"].to_numpy(float)
    names = sorted(SIZES)
    hot = np.array([[site == name for name in names] for site in studies["site"]], float)
    more = np.column_stack([studies["sex"] == "M", studies["age"]]).astype(float)
    more -= more.mean(axis=0)
    beta = np.linalg.lstsq(np.hstack([hot, more]), y, rcond=None)[0]
    sigma = np.sqrt(((y - np.hstack([hot, more]) @ beta) ** 2).mean(axis=0))
    true = hot.mean(axis=0) @ beta[:3] + more @ beta[3:]
    z = (y - true) / sigma
    made = np.empty_like(z)
    for n in range(3):
        own = z[hot[:, n] == 1]
        gamma, delta, count = own.mean(axis=0), own.var(axis=0, ddof=1), len(own)
        tau2, centre = gamma.var(ddof=1), gamma.mean()
        m, s2 = delta.mean(), delta.var(ddof=1)
        shape, rate = (2 * s2 + m**2) / s2, (m * s2 + m**3) / s2
        g, d = gamma, delta
        for _ in range(200):
            g = (count * tau2 * gamma + d * centre) / (count * tau2 + d)
            d = (rate + 0.5 * ((own - g) ** 2).sum(axis=0)) / (count / 2 + shape - 1)
        made[hot[:, n] == 1] = (own - g) / np.sqrt(d)
    np.testing.assert_allclose(made * sigma + true, expected, rtol=0, atol=0.02)


def test_a_sound_cohort_is_not_moved_more_than_noise(tmp_path: Path) -> None:
    report = compute_sites(sites(tmp_path / "out", SIZES, seed=5), SitesOptions(by=("site",), harmonise="site"))
    assert all(e.p_holm > 0.05 for e in report.effects)
    assert report.harmonised is not None
    v = report.harmonised.values
    moved = (v["fat_fraction_core_harmonised"] - v["fat_fraction_core"]).groupby(v["site"]).mean()
    assert moved.abs().max() < 3 * 5.0 / np.sqrt(70)  # SD of a person's values over the root of the smallest site


def test_nothing_is_harmonised_unless_asked_and_no_table_is_touched(tmp_path: Path) -> None:
    folder = sites(tmp_path / "out", {"A": 25, "B": 25}, fat_points={"B": 5.0})
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert run(folder) == 0
    names = {p.name for p in (folder / "sites").iterdir()}
    assert names == {"sites.csv", "effects.csv", "left_out.csv", "methods.txt", "sites_site.png"}  # scanner tells the same studies apart
    assert "ComBat" not in (folder / "sites" / "methods.txt").read_text(encoding="utf-8").split("SOURCES")[0]
    assert run(folder, "--harmonise", "site", "--by", "site") == 0
    assert {p.name for p in (folder / "sites").iterdir()} >= {"harmonised.csv", "combat.csv", "sites_site_harmonised.png"}
    assert {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()} == before
    table = pd.read_csv(folder / "sites" / "harmonised.csv", dtype={"study": str})
    whole = pd.read_csv(folder / "cohort.csv", dtype={"study": str}).merge(table, on=["study", "side", "muscle"], suffixes=("", "_told"))
    assert len(whole) == len(table) == 50 * 6
    np.testing.assert_allclose(whole["volume_ml"], whole["volume_ml_told"])
    assert (whole["volume_ml_harmonised"] - whole["volume_ml"]).abs().max() > 0


def test_columns_of_the_headers(tmp_path: Path) -> None:
    report = compute_sites(sites(tmp_path / "out", {"A": 8, "B": 8, "C": 8}), SitesOptions())
    levels = {by: sorted({r.site for r in report.sites if r.place.by == by}) for by in report.compared}
    assert levels["field"] == ["1.5 T", "3 T"]  # 2.89 T is called 3 T
    assert levels["scanner"] == ["GE Artist", "Philips Ingenia", "SIEMENS Skyra"]
    assert levels["software"] == ["29 LX MR", "5.7.1", "syngo MR E11"]
    assert report.apart == ("site", "field")
    assert any("cannot be set against" in c for c in report.cautions)


@pytest.mark.parametrize(
    ("facts", "by", "reason", "words"),
    [
        ({"of_study": lambda n, s: {"site": "A"}}, {"by": ("site",)}, Reason.ONE_SITE, "A (50)"),
        ({"counts": {"A": 25, "B": 12}}, HARMONISE, Reason.SITE_TOO_SMALL, "B (12)"),
        ({"of_study": lambda n, s: {"sex": "FM"[s == "A"]}}, HARMONISE, Reason.SITE_CONFOUNDED, "sex"),
        ({"of_study": lambda n, s: {"age": 30 + n % 9 + 30 * (s == "A")}}, HARMONISE, Reason.SITE_CONFOUNDED, "age"),
        ({"of_muscle": lambda n, s: {"method": "t1" if s == "A" else "dixon"}}, HARMONISE, Reason.METHODS_MIXED, "t1"),
        ({"of_study": lambda n, s: {"age": ""}}, HARMONISE, Reason.AGE_UNKNOWN, "0 %"),
        ({"of_study": lambda n, s: {"sex": ""}}, HARMONISE, Reason.SEX_UNKNOWN, "0 %"),
    ],
)  # fmt: skip
def test_refused_with_a_reason(tmp_path: Path, facts: dict[str, Any], by: dict[str, Any], reason: Reason, words: str) -> None:
    folder = sites(tmp_path / "out", **{"counts": {"A": 25, "B": 25}} | facts)
    with pytest.raises(RefusedInput) as refused:
        compute_sites(folder, SitesOptions(**by))
    assert refused.value.reason is reason
    assert words in refused.value.detail


def test_without_the_library_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gluteal_grade.cohort.sites.combat.available", lambda: False)
    folder = sites(tmp_path / "out", {"A": 25, "B": 25})
    assert run(folder, "--harmonise", "site", "--by", "site") == 2
    assert "pip install" in "".join(capsys.readouterr())
    assert not (folder / "sites").exists()


def test_a_small_site_can_be_left_out_and_a_column_must_be_there(tmp_path: Path) -> None:
    folder = sites(tmp_path / "out", {"A": 25, "B": 12, "C": 30})
    report = compute_sites(folder, SitesOptions(harmonise="site", leave_out=("B",)))
    assert report.harmonised is not None
    assert set(report.harmonised.values["site"]) == {"A", "C"}
    assert any("12 studies" in note for note in report.harmonised.notes)
    with pytest.raises(NoGrouping, match="ward"):
        compute_sites(folder, SitesOptions(by=("ward",)))
    with pytest.raises(typer.BadParameter, match="ward"):
        run(folder, "--by", "ward")


def test_a_muscle_that_is_missing_is_told_and_left_out(tmp_path: Path) -> None:
    """One study whose muscles are partial: no volume, so it is not harmonised there, but in fat."""
    folder = sites(tmp_path / "out", {"A": 25, "B": 25}, of_muscle=lambda n, s: {"status": "partial"} if n == 7 else {})
    report = compute_sites(folder, SitesOptions(harmonise="site", include=("graded", "partial")))
    assert report.harmonised is not None
    of_seven = report.harmonised.values.query("study == '000007'")
    assert of_seven["volume_ml_harmonised"].isna().all()
    assert of_seven["fat_fraction_core_harmonised"].notna().all()
    assert any("volume_ml: 1 studies lack a muscle" in note for note in report.harmonised.notes)
