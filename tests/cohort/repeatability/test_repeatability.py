"""`cohort repeatability`: who is a repeat of whom, numbers, files, bad input."""

import io
import math
from contextlib import redirect_stdout
from pathlib import Path

import pandas as pd
import pytest
import typer
import yaml

from gluteal_grade.cli.cohort_repeatability import repeatability
from gluteal_grade.cohort.repeatability import RepeatOptions, compute_repeatability, read_site
from gluteal_grade.cohort.repeatability.compute import Found, RepeatReport
from gluteal_grade.errors import Reason, RefusedInput
from tests.cohort.repeatability.repeat_factory import FAT_SD, VOLUME_CV, repeats

app = typer.Typer()
app.command()(repeatability)


def run(*arguments: object) -> tuple[int, str]:
    with redirect_stdout(io.StringIO()) as told:
        code = int(app([str(a) for a in arguments], standalone_mode=False) or 0)
    return code, told.getvalue()


def computed(folder: Path, **options: object) -> RepeatReport:
    return compute_repeatability([folder], RepeatOptions(**options))  # type: ignore[arg-type]


def row(report: RepeatReport, quantity: str, muscle: str = "gluteus_medius", side: str = "right") -> Found:
    (found,) = (f for f in report.found if (f.quantity, f.group.muscle, f.group.side) == (quantity, muscle, side))
    return found


def changed(folder: Path, table: str, **columns: object) -> None:
    """Rows of a table with other values: each column a function of the row."""
    path = folder / table
    data = pd.read_csv(path, dtype=str, keep_default_na=False)
    for name, value in columns.items():
        data[name] = data.apply(value, axis=1)
    data.to_csv(path, index=False)


def dropped(folder: Path, table: str, query: str) -> None:
    path = folder / table
    data = pd.read_csv(path, dtype=str, keep_default_na=False)
    data.query(query).to_csv(path, index=False)


def spreads(report: RepeatReport) -> list[float]:
    return [v for f in report.found for v in (f.result.wsd.value, f.result.bias.value, f.result.icc_2_1.high)]


def reasons(report: RepeatReport) -> set[tuple[str, Reason]]:
    return {(x.what, x.reason) for x in report.left_out}


@pytest.mark.long
def test_known_spread(tmp_path: Path) -> None:
    """40 subjects, 3 scans: 80 degrees of freedom, an SD within 25 % of the truth (3 SE)."""
    report = computed(repeats(tmp_path, 40, 3))
    core, mean, volume = (row(report, q) for q in ("fat_fraction_core", "fat_fraction", "volume_ml"))
    assert (core.graded, mean.graded, volume.graded) == (True, False, True)
    assert core.result.freedom == 80
    assert core.result.wsd.value == pytest.approx(100 * FAT_SD, rel=0.25)
    assert core.result.rc.value == pytest.approx(1.96 * math.sqrt(2) * core.result.wsd.value)
    assert volume.result.rms_cv.value == pytest.approx(100 * VOLUME_CV, rel=0.25)
    assert core.result.icc_2_1.value > 0.9
    assert not report.left_out
    assert not computed(repeats(tmp_path / "mean", core=False)).found[0].group.kind
    assert row(computed(tmp_path / "mean"), "fat_fraction").graded


@pytest.mark.long
def test_files_and_site(tmp_path: Path) -> None:
    folder = repeats(tmp_path)
    code, told = run(folder, "--name", "Ward 3", "--protocol", "3 T <Dixon>", "--date", "2026-11-30")
    assert code == 0
    assert "12 subjects" in told
    out = folder / "repeatability"
    names = ["bland_altman.png", "left_out.csv", "methods.txt", "repeatability.csv", "repeatability.html", "site.yaml"]
    assert sorted(p.name for p in out.iterdir()) == names
    table = pd.read_csv(out / "repeatability.csv", keep_default_na=False)
    assert len(table) == 3 * 2 * 5
    page, methods = ((out / n).read_text(encoding="utf-8") for n in ("repeatability.html", "methods.txt"))
    assert "3 T &lt;Dixon&gt;" in page
    for author in ("Bland", "Quan", "Raunig"):
        assert author in methods
    for secret in ("S01", "P1", "scan1"):  # nobody is named
        assert secret not in page + methods + (out / "repeatability.csv").read_text() + (out / "left_out.csv").read_text()
    site = read_site(out / "site.yaml")
    assert (site.n, site.name, site.date.isoformat(), len(site.entries)) == (12, "Ward 3", "2026-11-30", 30)
    again = {p.name: p.read_bytes() for p in out.iterdir()}
    run(folder, "--name", "Ward 3", "--protocol", "3 T <Dixon>", "--date", "2026-11-30")
    assert again == {p.name: p.read_bytes() for p in out.iterdir()}


def test_from_a_file(tmp_path: Path) -> None:
    """The same by a CSV as by the manifest, by hash or by source; a line of another cohort is told."""
    by_manifest = computed(repeats(tmp_path / "a"))
    folder = repeats(tmp_path / "b", columns=False)
    studies = pd.read_csv(folder / "studies.csv", dtype=str)
    with pytest.raises(RefusedInput) as refused:
        computed(folder)
    assert refused.value.reason is Reason.NO_REPEATS
    lines = pd.DataFrame({"path": studies["source"], "subject": studies["patient"], "repeat": studies["study"].str[-1]})
    pd.concat([lines, pd.DataFrame([{"path": "else", "subject": "X", "repeat": "1"}])]).to_csv(tmp_path / "r.csv", index=False, sep=";")
    report = computed(folder, repeats=tmp_path / "r.csv")
    assert spreads(report) == pytest.approx(spreads(by_manifest))  # patients come in another order than subjects
    assert reasons(report) == {("study", Reason.STUDY_NOT_FOUND)}
    studies[["study"]].assign(repeat=studies["study"].str[-1]).to_csv(tmp_path / "s.csv", index=False)
    assert spreads(computed(folder, repeats=tmp_path / "s.csv")) == pytest.approx(spreads(by_manifest))


def test_a_line_for_a_place_of_several_studies_is_told(tmp_path: Path) -> None:
    folder = repeats(tmp_path, columns=False)
    studies = pd.read_csv(folder / "studies.csv", dtype=str)
    lines = pd.DataFrame({"path": studies["source"], "subject": studies["patient"], "repeat": studies["study"].str[-1]})
    studies.loc[1, "source"] = studies.loc[0, "source"]
    studies.to_csv(folder / "studies.csv", index=False)
    lines.to_csv(tmp_path / "r.csv", index=False)
    report = computed(folder, repeats=tmp_path / "r.csv")
    told = [(one.reason, one.detail) for one in report.left_out if one.reason is Reason.STUDY_NOT_FOUND]
    assert sum("several studies" in detail for _, detail in told) == 1
    assert report.studies["subject"].nunique() == studies["patient"].nunique() - 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("study,repeat\na,1\na,2\n", Reason.STUDY_TWICE),
        ("subject,repeat\na,1\n", Reason.REPEATS_UNREADABLE),
        ("study,repeat\na\n", Reason.REPEATS_UNREADABLE),
        ('study,repeat\n"a,1\n', Reason.REPEATS_UNREADABLE),
        ("study,repeat\nnobody,1\n", Reason.NO_REPEATS),
        ("", Reason.REPEATS_UNREADABLE),
    ],
)
def test_bad_files(tmp_path: Path, text: str, reason: Reason) -> None:
    folder = repeats(tmp_path, 5)
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(RefusedInput) as refused:
        computed(folder, repeats=tmp_path / "r.csv")
    assert refused.value.reason is reason


def test_readings(tmp_path: Path) -> None:
    """Two outputs of the same studies: one study, two readings; a study of one output alone is told."""
    first, second = (repeats(tmp_path / n, 8, 1, seed=s) for n, s in (("a", 1), ("b", 2)))
    dropped(second, "studies.csv", "study != '000000000000'")
    report = compute_repeatability([first, second], RepeatOptions())
    assert report.found[0].result.subjects == 7
    assert reasons(report) == {("study", Reason.ONE_REPEAT)}


def test_one_repeat_only(tmp_path: Path) -> None:
    with pytest.raises(RefusedInput) as refused:
        computed(repeats(tmp_path, 6, 1))
    assert refused.value.reason is Reason.NO_REPEATS
    assert "6 one_repeat" in refused.value.detail
    code, _ = run(tmp_path)
    assert code == 2
    assert not (tmp_path / "repeatability").exists()


@pytest.mark.long
def test_few_subjects_give_no_interval_and_no_site_file(tmp_path: Path) -> None:
    folder = repeats(tmp_path, 4)
    (folder / "repeatability").mkdir()
    (folder / "repeatability" / "site.yaml").write_text("of an earlier run")
    code, told = run(folder)
    assert code == 0
    assert "No site file" in told
    assert not (folder / "repeatability" / "site.yaml").exists()
    table = pd.read_csv(folder / "repeatability" / "repeatability.csv", keep_default_na=False)
    assert set(table["reason"]) == {"too_few_subjects"}
    assert set(table["wsd_low"]) == {"NaN"}
    assert (table["wsd"].astype(float) > 0).all()


def test_what_is_left_out(tmp_path: Path) -> None:
    """Each fault leaves its subject or muscle out with a reason; the others go on."""
    folder = repeats(tmp_path, 12)
    changed(
        folder,
        "studies.csv",
        repeat=lambda r: "1" if r["subject"] == "S01" else r["repeat"],  # the same repeat twice
        subject=lambda r: "" if r["study"] == "000000020001" else r["subject"],  # whose repeat?
        state=lambda r: "refused" if r["study"] == "000000030001" else r["state"],
    )
    changed(
        folder,
        "cohort.csv",
        method=lambda r: "t1" if (r["study"], r["muscle"]) == ("000000040001", "gluteus_medius") else r["method"],
        status=lambda r: "missing" if (r["study"], r["muscle"]) == ("000000050001", "gluteus_medius") else r["status"],
    )
    report = computed(folder)
    assert reasons(report) == {
        ("study", Reason.REPEAT_TWICE),
        ("study", Reason.REPEAT_UNKNOWN),
        ("study", Reason.NO_RESULTS),
        ("study", Reason.ONE_REPEAT),
        ("muscle", Reason.REPEATS_DIFFER),
        ("muscle", Reason.REPEAT_LACKS),
    }
    assert row(report, "volume_ml", "gluteus_maximus").result.subjects == 9
    assert row(report, "volume_ml").result.subjects == 7


def test_subjects_of_two_methods_are_two_rows(tmp_path: Path) -> None:
    folder = repeats(tmp_path, 12)
    changed(folder, "cohort.csv", method=lambda r: "t1" if r["study"] < "000000060000" else r["method"])
    report = computed(folder)
    assert {f.group.method: f.result.subjects for f in report.found} == {"t1": 6, "dixon": 6}


def test_partial_muscles_have_no_volume(tmp_path: Path) -> None:
    folder = repeats(tmp_path, 6)
    changed(folder, "cohort.csv", status=lambda r: "partial")
    report = computed(folder, include=("graded", "partial"))
    assert {f.quantity for f in report.found} == {"fat_fraction_core", "fat_fraction"}


@pytest.fixture(scope="module")
def site_yaml(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Of one run."""
    folder = repeats(tmp_path_factory.mktemp("site"))
    run(folder, "-q")
    return (folder / "repeatability" / "site.yaml").read_bytes()


@pytest.mark.long
@pytest.mark.parametrize("spoil", [lambda d: d.pop("entries"), lambda d: d.update(n=3), lambda d: d.update(format_version="9")])
def test_site_files_are_checked(site_yaml: bytes, tmp_path: Path, spoil: object) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(site_yaml)
    read_site(path)
    data = yaml.safe_load(site_yaml)
    spoil(data)  # type: ignore[operator]
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(RefusedInput) as refused:
        read_site(path)
    assert refused.value.reason is Reason.SITE_UNREADABLE
