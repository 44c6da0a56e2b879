from __future__ import annotations

import hashlib
import importlib.resources
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from gluteal_grade.cohort.gallery import write_gallery
from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from tests.cohort.gallery.cohorts import HASHES, muscles, refusal, study, write
from tests.cohort.gallery.pages import Page

A, B, C, D, E, F = HASHES


def write_mixed(out: Path) -> Path:
    """Two graded, one partly graded, one that needs review, one refused, one failed without a hash."""
    studies = [
        study(A),
        study(B, sex="M", source="/in/<b>x</b> & \"y\"/Müller 東京 'z'", group="NA"),
        study(C, state="partly_graded", reason="out_of_view", sex=""),
        study(D, state="partly_graded", needs_review=6, reason="label_uncertain", folder="sub dir/#1 100%"),
        study(E, state="refused", reason="gantry_tilt", source="/in/e", method=""),
        study("", state="failed", reason="out_of_memory", source="/in/<script>alert(1)</script>", folder="", method=""),
    ]
    rows = [*muscles(A), *muscles(B, 0.3), *muscles(C, 0.05, "partial"), *muscles(D, 0.02, "needs_review")]
    refusals = [
        refusal("/in/e", "gantry_tilt", study=E, advice="Resample <i>first</i>."),
        refusal("/in/<script>alert(1)</script>", "out_of_memory", state="failed", attempts=3),
    ]
    return write(out, studies, rows, refusals)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Not yet drawn; for tests that change it."""
    return write_mixed(tmp_path / "Hüfte & 腰")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Path, ...]]:
    """The same, written once for the tests that only read."""
    out = write_mixed(tmp_path_factory.mktemp("gallery") / "Hüfte & 腰")
    return out, write_gallery(out)


def test_headline_counts_are_those_of_the_tables(drawn):
    out, _ = drawn
    page = Page(out / "index.html")
    names = ("studies", "graded", "partly_graded", "needs_review", "refused", "failed")
    assert [page.number(f"n-{n}") for n in names] == [6, 2, 2, 1, 1, 1]
    assert "6 muscles" in page.text


def test_every_link_and_picture_resolves(drawn):
    out, written = drawn
    pages = [p for p in written if p.suffix == ".html"]
    assert sorted(p.name for p in pages) == ["contact_sheet_001.html", "index.html", "studies_001.html"]
    assert {p: Page(p).broken_links() for p in pages} == {p: [] for p in pages}
    links = [a["href"] for a in Page(out / "studies_001.html").all("a")]
    assert f"./{A}/overlay_summary.png" in links
    assert "./sub%20dir/%231%20100%25/result.json" in links


def test_report_is_linked_where_it_exists(mixed):
    (mixed / A / "report.html").write_text("<p>")
    write_gallery(mixed, pictures=False)
    links = [a["href"] for a in Page(mixed / "studies_001.html").all("a")]
    assert links.count(f"./{A}/report.html") == 2  # the hash and the word
    assert f"./{A}/overlay_summary.png" not in links
    assert f"./{B}/overlay_summary.png" in links


def test_markup_in_a_source_is_text(drawn):
    out, written = drawn
    for path in written:
        if path.suffix == ".html":
            page = Page(path)
            assert not page.all("script")
            assert not page.all("b")
            assert not page.all("i")
    assert "/in/<b>x</b> & \"y\"/Müller 東京 'z'" in Page(out / "studies_001.html").text
    assert "/in/<script>alert(1)</script>" in Page(out / "index.html").text
    assert "Resample <i>first</i>." in Page(out / "index.html").text


def test_steering_characters_are_made_visible(tmp_path):
    out = write(tmp_path, [study(A, source="/in/\u202egnp.exe", patient="a\x1bb")], muscles(A))
    write_gallery(out, pictures=False)
    text = (out / "studies_001.html").read_text(encoding="utf-8")
    assert "/in/\ufffdgnp.exe" in text
    assert "a\ufffdb" in text


def test_pages_need_no_network_and_say_what_they_are(drawn):
    _, written = drawn
    for path in written:
        if path.suffix == ".html":
            page = Page(path)
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"https?://|//cdn|@import|url\(", text)
            assert page.all("html") == [{"lang": "en"}]
            assert len(page.all("title")) == len(page.all("h1")) == len(page.all("main")) == 1
            assert "Research use. Not a medical device." in page.text
            assert all(i.get("alt") and i.get("width") and i.get("height") for i in page.all("img"))
            assert all(t.get("scope") for t in page.all("th"))
            ids = [a["id"] for _, a in page.tags if a.get("id")]
            assert len(ids) == len(set(ids))


def test_studies_are_listed_review_first_then_by_fat_then_by_hash(drawn):
    out, _ = drawn
    rows = Page(out / "studies_001.html").rows[1:]
    assert [r[0].strip() for r in rows] == [D, B, A, C, "no hash", E]
    assert [r[2].strip() for r in rows] == ["0! 0! 0!", "2 2 2", "1 1 1", "0* 0* 0*", "–", "–"]
    assert [r[4].strip() for r in rows] == ["7 %", "35 %", "17 %", "10 %", "–", "–"]
    assert [r[1].strip() for r in rows][:2] == ["needs review: 6label uncertain", "graded"]
    assert rows[1][8] == "NA"


def test_distribution_tables_leave_out_what_needs_review_and_cut_volumes(drawn):
    out, _ = drawn
    rows = Page(out / "index.html").rows
    fat = next(r for r in rows if r[:2] == ["gluteus maximus", "right"])
    # A 12 %, B 30 %, C 5 % (partly seen: no volume); D needs review
    assert fat == ["gluteus maximus", "right", "3", "12.0 (8.5–21.0)", "2", "100 (100–100)", "2", "1", "1", "0", "0"]
    grades = [r for r in rows if r[:2] == ["gluteus maximus", "right"]][1]
    assert grades[2:7] == ["1", "1", "1", "0", "0"]
    assert len(grades) == 2 + 5 + 5 + 4


def test_refusals_by_reason_then_each(drawn):
    out, _ = drawn
    rows = Page(out / "index.html").rows
    assert ["gantry tilt", "refused", "1", "Resample <i>first</i>."] in rows
    assert ["/in/<script>alert(1)</script>", "", "failed", "out of memory", "found", "do", "3"] in rows


def test_mixed_makers_are_warned_of_and_equal_ones_are_not(tmp_path):
    rows = [*muscles(A), *muscles(B)]
    write_gallery(write(tmp_path / "same", [study(A), study(B)], rows), pictures=False)
    assert "Caution" not in Page(tmp_path / "same" / "index.html").text
    other = {"method": "t1", "version": "0.2.0", "config_hash": "e" * 64, "model_hash": "", "automatic": "false"}
    write_gallery(write(tmp_path / "mixed", [study(A), study(B, **other)], rows), pictures=False)
    page = Page(tmp_path / "mixed" / "index.html")
    assert page.text.count("Caution") == 5
    assert ["Fat by", "Dixon (1), T1 (1) mixed"] in page.rows
    assert ["Network", "dddddddddddd (1), none (1) mixed"] in page.rows


@pytest.mark.long
def test_bytes_are_the_same_every_time(drawn, tmp_path):
    out, written = drawn
    other = write_mixed(tmp_path / "elsewhere")
    again = {p.relative_to(other).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in write_gallery(other)}
    assert again == {p.relative_to(out).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in written}
    assert len(again) == 1 + 2 + 1 + 6


def test_no_study(tmp_path):
    written = write_gallery(write(tmp_path, [], []))
    assert [p.name for p in written] == ["index.html"]
    page = Page(written[0])
    assert page.number("n-studies") == 0
    assert page.broken_links() == []


@pytest.mark.long
def test_one_study_shows_points_and_one_tile(tmp_path):
    written = write_gallery(write(tmp_path, [study(A)], muscles(A)))
    page = Page(written[0])
    assert page.number("n-studies") == page.number("n-graded") == 1
    assert Image.open(tmp_path / "contact_sheet_001.png").width == 1990
    assert {p.name for p in written if p.parent.name == "figures"} == {
        f"{kind}_{m}.png" for kind in ("by_sex", "grades") for m in ("gluteus_maximus", "gluteus_medius", "gluteus_minimus")
    }


def test_all_refused(tmp_path):
    studies = [study(h, state="refused", reason="gantry_tilt", method="") for h in HASHES]
    out = write(tmp_path, studies, [], [refusal(f"/in/{h}", study=h) for h in HASHES])
    written = write_gallery(out)
    page = Page(written[0])
    assert (page.number("n-refused"), page.number("n-graded")) == (6, 0)
    assert not (out / "figures").exists()
    assert (out / "contact_sheet_001.png").is_file()
    assert page.broken_links() == []


@pytest.mark.long
def test_missing_and_damaged_overlays_leave_a_tile(mixed):
    (mixed / A / "overlay_01_medius.png").unlink()
    (mixed / A / "overlay_summary.png").unlink()
    (mixed / B / "overlay_01_medius.png").write_bytes((mixed / B / "overlay_01_medius.png").read_bytes()[:300])
    written = write_gallery(mixed)
    assert [p for p in written if p.suffix == ".html" and Page(p).broken_links()] == []
    assert f"./{A}/result.json" in [a["href"] for a in Page(mixed / "contact_sheet_001.html").all("a")]


@pytest.mark.long
def test_many_studies_and_refusals_are_paged(tmp_path):
    studies = [study(f"{n:012x}", folder="") for n in range(1001)]
    refusals = [refusal(f"/in/{n}") for n in range(501)]
    out = write(tmp_path, studies, [row for s in studies for row in muscles(s["study"])], refusals)
    written = write_gallery(out, max_tiles=25)
    pages = {p.name: Page(p) for p in written if p.suffix == ".html"}
    listed = [r[0].strip() for n in (1, 2, 3) for r in pages[f"studies_{n:03d}.html"].rows[1:]]
    assert listed == [s["study"] for s in studies]
    refused = [r[0] for n in (1, 2) for r in pages[f"refusals_{n:03d}.html"].rows[1:]]
    assert refused == [f"/in/{n}" for n in range(501)]
    assert "/in/7" not in pages["index.html"].text
    assert "976 studies left out" in pages["index.html"].text
    assert sum(p.name.endswith(".png") and p.name.startswith("contact") for p in written) == 2
    assert {n: p.broken_links() for n, p in pages.items()} == {p: [] for p in pages}


def test_only_own_pages_of_an_earlier_run_are_removed(mixed):
    (mixed / "figures").mkdir()
    stale = [
        "contact_sheet_007.png",
        "contact_sheet_007.html",
        "studies_009.html",
        "refusals_001.html",
        "figures/by_group_gluteus_medius.png",
    ]
    kept = ["contact_sheet_7.png", "contact_sheet_007.png.bak", "my_studies_009.html", "studies_009.htm", "notes.html", "figures/mine.png"]
    for name in stale + kept:
        (mixed / name).write_bytes(b"x")
    write_gallery(mixed, pictures=False)
    assert [n for n in stale if (mixed / n).exists()] == []
    assert [n for n in kept if not (mixed / n).exists()] == []
    assert not list(mixed.rglob("*.partial*"))


def test_without_pictures_no_picture_is_left(drawn, tmp_path):
    out = shutil.copytree(drawn[0], tmp_path / "out")
    assert list(out.glob("contact_sheet*"))
    assert list((out / "figures").iterdir())
    written = write_gallery(out, pictures=False)
    assert {p.suffix for p in written} == {".html"}
    assert not list(out.glob("contact_sheet*"))
    assert not list((out / "figures").iterdir())


def test_a_folder_outside_is_not_linked(tmp_path):
    outside = tmp_path / "secret"
    outside.mkdir()
    (outside / "result.json").write_text("{}")
    out = write(tmp_path / "out", [study(A, folder="")], muscles(A))
    table = (out / "studies.csv").read_text()
    for folder in ("../secret", str(outside)):
        row = table.splitlines()[1].split(",")
        row[table.splitlines()[0].split(",").index("folder")] = folder
        (out / "studies.csv").write_text(table.splitlines()[0] + "\n" + ",".join(row) + "\n")
        write_gallery(out, pictures=False)
        assert "secret" not in (out / "studies_001.html").read_text()


def test_a_missing_table_or_column_is_refused(mixed):
    (mixed / "studies.csv").write_text("study,source\n")
    with pytest.raises(RefusedInput) as refused:
        write_gallery(mixed)
    assert refused.value.reason is Reason.NO_RESULTS
    (mixed / "studies.csv").unlink()
    with pytest.raises(RefusedInput) as refused:
        write_gallery(mixed)
    assert "studies.csv" in refused.value.detail


def test_what_cannot_be_written_may_pass_later(mixed):
    (mixed / "index.html").mkdir()
    with pytest.raises(TransientFailure) as failed:
        write_gallery(mixed, pictures=False)
    assert failed.value.reason is Reason.OUTPUT_NOT_WRITABLE
    assert not list(mixed.rglob("*.partial*"))


def test_templates_are_in_the_package():
    folder = importlib.resources.files("gluteal_grade.cohort.gallery") / "templates"
    names = {p.name for p in folder.iterdir()}
    assert {"index.html.j2", "studies.html.j2", "refusals.html.j2", "sheet.html.j2", "base.html.j2", "style.css.j2"} <= names
