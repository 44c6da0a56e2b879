"""`report.html`: every number as in the result, nothing of a patient or a stranger, the same bytes."""

from __future__ import annotations

import base64
import io
import itertools
import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.report.html import Prior, PriorRow, write_report
from gluteal_grade.report.html._plots import fat_range, nice_top, ticks
from gluteal_grade.report.html.picture import MAX_BYTES, embedded
from gluteal_grade.report.html.write import Mark, report_text
from gluteal_grade.report.view import view_of
from gluteal_grade.result.models import MetalSide, NoteModel, StudyResult, StudyStatus
from gluteal_grade.vocabulary import GLUTEI, Muscle, Region, Side
from tests.report.html.reports import Read, doubtful, refused
from tests.report.studies import toy_study

PARTS = [(m, r) for m in GLUTEI for r in (Region.WHOLE, *m.facts.divisions[0])]  # minimus in two, as it is without settings
NAN = math.nan
NO_MARK = Mark("0" * 64, "0" * 64)
MARK = "!\xa0"  # needs review


def page(result: StudyResult, **how) -> Read:
    text = report_text(result, how.pop("picture", None), how.pop("prior", None), how.pop("identity", ()), NO_MARK)
    assert not how
    return Read(text)


def stored(result: StudyResult) -> dict:
    """By muscle, region, side, as it stands in `result.json`."""
    return {(m["muscle"], m["region"], m["side"]): m for m in json.loads(result.to_json())["muscles"]}


def fixed(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def chance(p: float) -> str:
    return ">99 %" if p > 0.995 else "<1 %" if p < 0.005 else f"{100 * p:.0f} %"


def expected_grade(grade: dict, review: bool) -> str:
    if grade["grade"] is None:
        return "–"
    other = "" if grade["borderline_with"] is None else f" or {grade['borderline_with']}"
    probability = f"|{chance(grade['probabilities'][grade['grade']])}" if grade["probabilities"] else ""
    return f"{MARK if review else ''}{grade['grade']}{other}{probability}"


@pytest.mark.parametrize("change", [lambda r: r, doubtful], ids=["graded", "doubtful"])
def test_every_number_of_the_table_is_the_results(result, change):
    result = change(result)
    known, rows = stored(result), page(result).tables["grades"][2:]
    assert [r[0] for r in rows] == [m.replace("gluteus_", "Gluteus ") if p is Region.WHOLE else p.value for m, p in PARTS]
    for row, (muscle, region) in zip(rows, PARTS, strict=True):
        for offset, side in enumerate(("right", "left")):
            m = known[muscle, region, side]
            review = m["status"] == "needs_review"
            shown, mean = m["fat_fraction_core"], m["fat_fraction"]
            low, high = m["fat_fraction_core_low"], m["fat_fraction_core_high"]
            fat = fixed(shown and 100 * shown, 1)
            fat += "" if low is None else f"|{100 * low:.1f}–{100 * high:.1f}"
            grades = [expected_grade(g, review) for g in m["grades"]]
            volumes = [fixed(v, 1 if (v or 0) < 9.95 else 0) for v in (m["volume_ml"], m["lean_volume_core_ml"])]
            assert row[1 + offset :: 2] == [(MARK if review else "") + fat, *grades, fixed(mean and 100 * mean, 1), *volumes]


def test_norms_asymmetry_and_parts(result):
    read, known = page(result), stored(result)
    for row in read.tables["status"][1:]:
        m = known[row[0].lower().replace(" ", "_"), "whole", row[1]]
        z = {n["quantity"]: n for n in m["norms"] if n["source"] == "belzunce2022"}
        for cell, quantity in zip(row[3:], ("fat_fraction", "volume_ml"), strict=True):
            assert cell.split("|")[0] == (f"{z[quantity]['z']:+.1f}" if z else "–")
            assert not z or cell.split("|")[1] == ("above 99th" if z[quantity]["z"] > 0 else "below 1st")
    assert "51 healthy adults, 3 T; two-point Dixon; not adjusted for age or body size" in read.text
    data = json.loads(result.to_json())
    by_part = {(a["muscle"], a["region"]): a for a in data["asymmetry"]}
    names = ("fat_fraction_core_difference_points", "volume_difference_percent")
    rows = read.tables["asymmetry"][1:]
    assert len(rows) == len(PARTS) == len(by_part)
    for row, part in zip(rows, PARTS, strict=True):
        right, left = (known[*part, side]["lean_volume_core_ml"] for side in ("right", "left"))
        wanted = [*(by_part[part][n] for n in names), 200 * (left - right) / (left + right)]
        assert [float(v) for v in row[1:]] == [pytest.approx(round(v, 1), abs=1e-9) for v in wanted]
    shown = ("partial_volume", "rim", "border", "segmentation", "map", "method", "noise", "not_seen")
    for row in read.tables["parts"][1:]:
        parts = known[row[0].lower().replace(" ", "_"), "whole", row[1]]["core_interval_parts"]
        assert row[2:] == [f"{100 * p['below']:.1f} / {100 * p['above']:.1f}" for p in (parts[name] for name in shown)]
    for statement in data["statements"]:
        assert f"{statement['text']} ({statement['source']})" in read.text
    for note in data["notes"]:
        assert note["detail"] in read.text
        assert note["advice"] in read.text
    for value in (data["provenance"]["config_hash"], data["provenance"]["created"], data["segmentation"]["sha256"]):
        assert value in read.text


def svgs(read: Read) -> list[tuple[str, list[tuple[str, dict]]]]:
    """Labelled drawings in order, each with the elements that follow it."""
    found: list[tuple[str, list[tuple[str, dict]]]] = []
    for tag, attributes in read.tags:
        if tag == "svg":
            found.append((attributes.get("aria-label") or "", []))
        elif found:
            found[-1][1].append((tag, attributes))
    return [one for one in found if one[0]]


def drawn(elements, side: str) -> list[np.ndarray]:
    lines = [a["points"] for tag, a in elements if tag == "polyline" and a["class"] == side]
    return [np.array([[float(v) for v in p.split(",")] for p in points.split()]) for points in lines]


def test_curves_lie_exactly_on_the_profile(result):
    """Positions and values are one straight line from those of the profile, the same for both sides; axis texts fix its ends."""
    known = stored(result)
    found = svgs(page(result))[1:]
    assert len(found) == 6
    for n, (label, elements) in enumerate(found):
        muscle = list(GLUTEI)[n // 2]
        assert muscle.replace("_", " ") in label
        at, wanted = [], []
        for side in ("right", "left"):
            (points,) = drawn(elements, side)
            profile = known[muscle, "whole", side]["profile"]
            profile = [s for s in profile if n % 2 or s["fat_fraction_core"] is not None]  # the outermost slices hold no sure voxel
            values = [100 * s["fat_fraction_core"] if n % 2 == 0 else s["area_cm2"] for s in profile]
            at.append(points)
            wanted.append(np.column_stack([[s["position_mm"] for s in profile], values]))
        points, values = np.concatenate(at), np.concatenate(wanted)
        for axis in (0, 1):
            slope, start = np.polyfit(values[:, axis], points[:, axis], 1) if np.ptp(values[:, axis]) > 1e-3 else (0, points[0, axis])
            assert points[:, axis] == pytest.approx(slope * values[:, axis] + start, abs=0.011)
        low, high = (0, 30 if values[:, 1].max() <= 30 else 60) if n % 2 == 0 else (0, nice_top(values[:, 1].max()))
        assert points[:, 1] == pytest.approx(160 - values[:, 1] * 150 / (high - low), abs=0.011)
        assert points[:, 0].min() > 38
        assert points[:, 0].max() < 352


@pytest.mark.parametrize(("axis", "words"), [(0, "L left, R right"), (1, "P posterior, A anterior"), (2, "I inferior, S superior")])
def test_the_ends_of_the_axis_are_those_of_the_pictures(axis, words):
    made, images = toy_study(slice_axis=axis, shape=(72, 52, 30), spacing=(5.0, 5.0, 5.0))
    text = page(made).text
    assert text.count(f"position, mm ({words})") == 6
    low, high = view_of(images.labels.grid, made.slice_axis).ends
    assert [low, high] == [word[0] for word in words.split(", ")]
    profile = made.muscles[0].profile
    view = view_of(images.labels.grid, made.slice_axis)
    assert [s.position_mm for s in profile] == pytest.approx([view.position_mm(s.index) for s in profile], abs=1e-6)


def test_a_gap_breaks_the_line(result):
    def changed(m):
        profile = list(m.profile)
        profile[4] = profile[4].model_copy(update={"fat_fraction_core": NAN})  # a slice without a value
        del profile[8]  # a slice without the muscle
        return m.model_copy(update={"profile": tuple(profile)})

    muscles = tuple(changed(m) if m.region is Region.WHOLE and m.muscle is Muscle.GLUTEUS_MAXIMUS else m for m in result.muscles)
    found = svgs(page(result.model_copy(update={"muscles": muscles})))[1:]
    assert [len(p) for p in drawn(found[0][1], "right")] == [3, 3, 2]
    assert [len(p) for p in drawn(found[1][1], "left")] == [8, 3]


def test_ranges_are_the_intervals(result):
    (_, elements), *_ = svgs(page(result))
    known = stored(result)
    for side in ("right", "left"):
        lines = [(float(a["x1"]), float(a["x2"])) for tag, a in elements if tag == "line" and a["class"] == side]
        wanted = [known[m, r, side] for m, r in PARTS]
        for (start, end), m in zip(lines, wanted, strict=True):
            units = (346 - 108) / 60  # the axis ends at 60 %
            assert start == pytest.approx(108 + 100 * m["fat_fraction_core_low"] * units, abs=0.011)
            assert end == pytest.approx(108 + 100 * m["fat_fraction_core_high"] * units, abs=0.011)


def test_needs_review_missing_and_cut_stand_first(result):
    read = page(doubtful(result))
    first = read.ids["first"]
    places = [
        first.index(t)
        for t in ("Left gluteus minimus: needs review", "Right gluteus medius: not graded", "Right gluteus maximus: about 81")
    ]
    assert places == sorted(places)
    assert "60 ml right, 25 ml left; mean doubt 0.31, 0.25 allowed" in first
    assert "inferior and posterior border" in first
    assert read.ids["summary"].startswith("1 muscle needs review: left gluteus minimus. Not graded: right gluteus medius.")
    assert [tag for tag, a in read.tags if "hollow" in (a.get("class") or "")].count("path") > 1  # the key has one
    assert not re.search(r"\bnan\b", read.text, re.IGNORECASE)
    status = {(r[0], r[1]): r[2] for r in read.tables["status"][1:]}
    assert status["Gluteus medius", "right"].startswith("not gradable: too much of it lies beside metal")
    assert status["Gluteus medius, anterior", "right"]


def test_the_summary_tells_the_highest_and_never_a_doubtful_muscle(result):
    most = max((m for m in result.muscles if m.region is Region.WHOLE), key=lambda m: m.fat_fraction_core)
    said = page(result).ids["summary"]
    assert f"Most fat: {most.side} {most.muscle.replace('_', ' ')}, {100 * most.fat_fraction_core:.1f}\xa0%" in said
    assert "Quartile\xa02 in all 6 muscles" in said
    left = tuple(
        m.model_copy(update={"fat_fraction": 0.9, "fat_fraction_core": 0.9}) if m.side is Side.LEFT and "minimus" in m.muscle else m
        for m in result.muscles
    )
    assert "90.0" not in page(doubtful(result.model_copy(update={"muscles": left}))).ids["summary"]


def test_a_refused_study_pretends_nothing():
    read = page(refused())
    assert "muscle over fat signal is 0.72, expected 0.05 to 0.45" in read.ids["first"]
    assert "use Dixon, or check that it is plain T1" in read.ids["first"]
    assert set(read.tables) == set()
    assert read.all("svg") == read.all("img") == []
    assert "Quartile" not in read.text


def test_metal_says_side_zone_and_evaluable_share(result):
    hips = (
        MetalSide(side=Side.RIGHT, present=True, sources=("picture",), evidence="a void of 126 ml", zone_ml=405.3, zone_reach_mm=9.0),
        MetalSide(side=Side.LEFT, present=False, sources=(), evidence="", zone_ml=NAN, zone_reach_mm=NAN),
    )
    read = page(doubtful(result.model_copy(update={"metal": hips})))
    assert "Metal in the right hip" in read.text
    assert "A void of 126 ml. Left out beside it: 405 ml (reach 9 mm)." in read.text
    assert "gluteus medius 41 %" in read.text
    assert "left hip" not in read.text


def test_nothing_is_fetched_and_nothing_runs(result, picture):
    text = report_text(result, embedded(picture.read_bytes()), None, (), NO_MARK)
    read = Read(text)
    assert not {"script", "iframe", "object", "embed", "form", "base"} & {tag for tag, _ in read.tags}
    for _, attributes in read.tags:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "srcset", "data", "action"):
            assert (attributes.get(name) or "data:").startswith("data:")
    assert "url(" not in text
    assert "@import" not in text
    policy = next(a["content"] for a in read.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    assert text.count("Research use. Not a medical device.") >= 2
    assert text.startswith("<!doctype html>")


def test_structure_for_readers_of_the_screen(result, picture):
    read = page(result, picture=embedded(picture.read_bytes()))
    assert len(read.all("h1")) == len(read.all("main")) == 1
    assert all(a.get("scope") in ("col", "row", "colgroup") for a in read.all("th"))
    assert all(a.get("alt") for a in read.all("img"))
    assert all(a.get("aria-label") or a.get("aria-hidden") for a in read.all("svg"))


def test_the_picture_is_in_the_page(result, picture):
    (image,) = page(result, picture=embedded(picture.read_bytes())).all("img")
    head, _, data = (image["src"] or "").partition(",")
    assert head == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as shown, Image.open(picture) as source:
        assert shown.size == source.size == (int(image["width"] or 0), int(image["height"] or 0))
        difference = np.asarray(shown.convert("L"), float) - np.asarray(source.convert("L"), float)
    assert np.abs(difference).mean() < 2


def test_a_large_picture_is_made_smaller_until_it_fits():
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1900, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "PNG", compress_level=0)
    made = embedded(stream.getvalue())
    assert len(base64.b64decode(made.uri.partition(",")[2])) <= MAX_BYTES


def test_a_damaged_picture_is_a_failure(result, tmp_path):
    (tmp_path / "p.png").write_bytes(b"\x89PNG broken")
    with pytest.raises(TransientFailure) as caught:
        write_report(result, tmp_path / "p.png", tmp_path / "report.html")
    assert caught.value.reason == Reason.READ_FAILED
    assert [p.name for p in tmp_path.iterdir()] == ["p.png"]


def test_the_same_bytes_each_time_and_a_report_without_a_picture(result, picture, tmp_path):
    first = write_report(result, picture, tmp_path / "a.html").read_bytes()
    assert write_report(result, picture, tmp_path / "b.html").read_bytes() == first
    assert write_report(result, tmp_path / "none.png", tmp_path / "c.html").read_bytes() != first
    assert len(first) < 3_000_000
    assert b"<img" not in (tmp_path / "c.html").read_bytes()
    with pytest.raises(TransientFailure) as caught:
        write_report(result, None, tmp_path / "a.html" / "report.html")
    assert caught.value.reason == Reason.OUTPUT_NOT_WRITABLE


NASTY = st.text(st.sampled_from("<>&\"'/=;!-[]{}%#$()`\\\x00\x07\n\u2028\u202e\ud800 abctdijmp1é漢"), max_size=60) | st.sampled_from(
    ["<script>alert(1)</script>", "</style><img src=x onerror=1>", "{{ 7*7 }}{% raw %}", "--><b>", "]]>", "javascript:x", '" onload="x']
)


class Held:
    """A result that Hypothesis need not print, and its page with plain words."""

    def __init__(self, result: StudyResult) -> None:
        self.result = result
        self.usual = self.page("plain", "words")

    def page(self, text: str, more: str) -> Read:
        changed, how = spoilt(self.result, text, more)
        return page(changed, **how)


@pytest.fixture(scope="module")
def held(result):
    return Held(result)


@hypothesis_settings(max_examples=40)
@given(text=NASTY, more=NASTY)
def test_no_text_becomes_markup(held, text, more):
    """Identity and every string of a result: the tags of the page stay those of a page with plain words in their place."""
    told = held.page(text or "x", more or "x")
    assert [(tag, sorted(a)) for tag, a in told.tags] == [(tag, sorted(a)) for tag, a in held.usual.tags]
    assert not set("\x00\x07\u2028\u202e") & set(told.text)


def spoilt(result: StudyResult, text: str, more: str) -> tuple[StudyResult, dict]:
    note = NoteModel.model_construct(reason=Reason.METAL_NOT_SEEN, detail=text, advice=more)
    doubt = doubtful(result)
    checked = tuple(
        m.model_copy(update={"checks": (note,) if m.checks else (), "detail": text, "cut_at": (more,) if m.cut_at else ()})
        for m in doubt.muscles
    )
    changes = {
        "muscles": checked,
        "notes": (note,),
        "statements": tuple(s.model_copy(update={"text": text, "source": more}) for s in result.statements),
        "series": tuple(s.model_copy(update={"id": text, "kind": more, "kind_reason": text, "plane": more}) for s in result.series),
        "metal": (MetalSide(side=Side.LEFT, present=True, sources=(more,), evidence=text, zone_ml=1, zone_reach_mm=2),),
        "fat": result.fat and result.fat.model_copy(update={"method": text, "why": more, "facts": {text: 1.0}}),
        "disclaimer": text,
        "provenance": result.provenance.model_copy(
            update={"version": text, "config_hash": more, "libraries": {text: more}, "seconds": {more: 1.0}}
        ),
    }
    row = PriorRow(
        Side.LEFT, Muscle.GLUTEUS_MEDIUS, Region.WHOLE, 0.1, 0.2, 1, 2, 10.0, 8.0, 12.0, 2.0, True, 5.0, 2.0, text, False, (more,)
    )
    return result.model_copy(update=changes), {"prior": Prior(text, 30, (row,), (more,), (text,)), "identity": (text, more)}


def test_a_name_is_shown_as_it_is_written(result):
    read = page(result, identity=("Doe^Jane <b>x</b> & Co", "ID 7"))
    assert "Doe^Jane <b>x</b> & Co" in read.text
    assert not read.all("b")
    assert not page(result).all("bdi")


def test_the_change_from_a_prior(result):
    row = PriorRow(
        Side.LEFT,
        Muscle.GLUTEUS_MEDIUS,
        Region.WHOLE,
        0.1234,
        0.2,
        1,
        2,
        7.66,
        5.5,
        9.9,
        2.04,
        True,
        -12.3,
        -4.56,
        "more fat",
        cautions=("Mind it",),
    )
    others = (
        replace(
            row,
            side=Side.RIGHT,
            change_points=NAN,
            change_low=NAN,
            change_high=NAN,
            sdc_points=NAN,
            beyond=None,
            words="not compared: no label",
        ),
        replace(row, muscle=Muscle.GLUTEUS_MAXIMUS, beyond=False, change_points=0.01, volume_change_ml=NAN, words="within", cautions=()),
    )
    read = page(result, prior=Prior("b" * 12, 371, (row, *others), ("Another network",), ("Errors are independent.",)))
    rows = read.tables["changes"][1:]
    assert rows[0] == ["Gluteus maximus", "left", "12.3", "20.0", "0.0|+5.5 to +9.9", "2.0", "1 → 2", "–", "within"]
    assert rows[1][2:] == ["12.3", "20.0", "–", "–", "1 → 2", "-12|-4.6 %", "not compared: no label"]
    assert rows[2] == ["Gluteus medius", "left", "12.3", "20.0", "+7.7|+5.5 to +9.9", "2.0", "1 → 2", "-12|-4.6 %", "more fat"]
    assert "Against study bbbbbbbbbbbb, 371 days (12 months) before" in read.ids["prior"]
    assert "Another network." in read.ids["prior"]
    assert "left gluteus medius, right gluteus medius: Mind it." in read.ids["prior"].replace("Left", "left")
    assert "Against the study 371 days (12 months) before: left gluteus medius +7.7 points, beyond" in read.ids["summary"]


def test_the_summary_leaves_out_a_change_whose_label_needs_review(result):
    row = PriorRow(Side.LEFT, Muscle.GLUTEUS_MEDIUS, Region.WHOLE, 0.1, 0.2, 1, 2, 10, 8, 12, 2, True, NAN, NAN, "more fat", review=True)
    sure = replace(row, side=Side.RIGHT, beyond=False, review=False)
    none = "no change beyond the stated measurement uncertainty"
    for rows, said in (
        ((sure,), none),
        ((row, sure), f"{none} in the 1 of 2 muscles that can be judged"),
        ((row,), "no change can be judged"),
    ):
        assert f"Against the study: {said}." in page(result, prior=Prior("b" * 12, None, rows)).ids["summary"]


def test_status_of_the_page(result):
    for status in (StudyStatus.GRADED, StudyStatus.PARTLY_GRADED):
        assert f", {status.replace('_', ' ')};" in page(result.model_copy(update={"status": status})).text


@given(st.floats(0.01, 1e4), st.floats(0.01, 1e3), st.integers(2, 8))
def test_ticks_are_round_few_and_within(low, width, most):
    found = ticks(low, low + width, most)
    assert len(found) <= most + 1
    assert all(low - 1e-6 * width <= t <= low + width * (1 + 1e-6) for t in found)
    steps = {round(b - a, 9) for a, b in itertools.pairwise(found)}
    assert all(f"{s:e}"[0] in "125" for s in steps)


@given(st.lists(st.floats(-30, 130), min_size=1))
def test_the_fat_axis_holds_every_value(values):
    low, high = fat_range(values)
    assert low - 0.5 <= min(*values, 0)
    assert high >= max(values)
    assert high - low >= 30
