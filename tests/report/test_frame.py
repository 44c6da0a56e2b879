"""The verdict at the top: what it says, and that it is not overlooked."""

import math

import numpy as np
import pytest

from gluteal_grade.drawing.page import Page
from gluteal_grade.drawing.palette import THEMES
from gluteal_grade.errors import Reason
from gluteal_grade.report._frame import banner_height, draw_banner, verdict
from gluteal_grade.report._grade_table import table_height, table_lines
from gluteal_grade.result.models import MuscleStatus, NoteModel, StudyResult
from gluteal_grade.vocabulary import Muscle, Region, Side
from tests.report.studies import toy_study


@pytest.fixture(scope="module")
def result() -> StudyResult:
    found, _ = toy_study(fractions=0.3)
    return found


def changed(result: StudyResult, side: Side, muscle: Muscle, **update) -> StudyResult:
    muscles = tuple(
        m.model_copy(update=update) if (m.side, m.muscle, m.region) == (side, muscle, Region.WHOLE) else m for m in result.muscles
    )
    return result.model_copy(update={"muscles": muscles})


def review(result: StudyResult) -> StudyResult:
    check = NoteModel(reason=Reason.NO_LABEL, detail="two pieces, 31 mm apart", advice="")
    return changed(result, Side.LEFT, Muscle.GLUTEUS_MAXIMUS, status=MuscleStatus.NEEDS_REVIEW, checks=(check,))


def test_a_study_without_doubt_is_calm(result):
    said = verdict(result)
    assert (said.level, said.badge, said.text) == ("calm", "NO CHECK FAILED", "All 6 muscles in view, whole and measured.")


def test_what_needs_review_comes_first(result):
    said = verdict(changed(review(result), Side.RIGHT, Muscle.GLUTEUS_MINIMUS, evaluable_share=0.7))
    assert (said.level, said.badge) == ("alert", "NEEDS REVIEW")
    assert said.text == "left maximus: two pieces, 31 mm apart. Not evaluable in part: right minimus 30 %."


def test_limits_are_said(result):
    cut = changed(result, Side.RIGHT, Muscle.GLUTEUS_MEDIUS, cut_at=("superior",), status=MuscleStatus.PARTIAL)
    assert verdict(cut).text == "Partly in view: right medius."
    gone = changed(result, Side.LEFT, Muscle.GLUTEUS_MINIMUS, status=MuscleStatus.MISSING, reason=Reason.NO_LABEL)
    assert (verdict(gone).level, verdict(gone).text) == ("caution", "Not measured, no label: left minimus.")
    not_graded = {"status": MuscleStatus.NOT_GRADABLE, "reason": Reason.NO_FAT_VALUES, "fat_fraction": math.nan}
    assert verdict(changed(result, Side.LEFT, Muscle.GLUTEUS_MINIMUS, **not_graded)).text == (
        "Not gradable, no fat value in it: left minimus."
    )


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_the_badge_has_the_colour_of_its_level(result, theme):
    for study, colour in ((result, theme.calm), (review(result), theme.alert)):
        page = Page(1900, 60, theme)
        draw_banner(page, study, 24, 0, 1852)
        assert "#{:02x}{:02x}{:02x}".format(*page.pixels()[3, 30]) == colour


def test_a_long_verdict_gets_more_lines_and_stays_on_the_page(result):
    long = NoteModel(reason=Reason.NO_LABEL, detail="far too many words " * 30, advice="")
    study = changed(result, Side.LEFT, Muscle.GLUTEUS_MAXIMUS, status=MuscleStatus.NEEDS_REVIEW, checks=(long,))
    height = banner_height(study, 1852)
    assert height > banner_height(result, 1852)
    page = Page(1900, height)
    draw_banner(page, study, 24, 0, 1852)
    assert (page.pixels()[: height - 9, 1877:] == 255).all()


def test_table_has_both_sides_in_one_line(result):
    lines = {(line.name, line.region): line for line in table_lines(result)}
    maximus = lines["Gluteus maximus", False]
    for side in Side:
        m = next(m for m in result.muscles if (m.side, m.muscle, m.region) == (side, Muscle.GLUTEUS_MAXIMUS, Region.WHOLE))
        assert maximus.cells[side][0] == f"{m.volume_ml:.0f} ml"
        assert maximus.cells[side][1].startswith(f"{100 * m.fat_fraction:.1f} % (")
        assert maximus.cells[side][2].startswith(f"{m.grade('quartile')} (")
    pair = next(a for a in result.asymmetry if (a.muscle, a.region) == (Muscle.GLUTEUS_MAXIMUS, Region.WHOLE))
    assert float(maximus.difference.replace("−", "-")) == pytest.approx(pair.fat_fraction_difference_points, abs=0.051)
    assert maximus.status == (("both: whole muscle in view", False),)
    assert [line.name for line in table_lines(result) if not line.region] == ["Gluteus maximus", "Gluteus medius", "Gluteus minimus"]


def test_what_needs_review_is_marked_in_the_table(result):
    study = review(result)
    line = next(line for line in table_lines(study) if line.name == "Gluteus maximus")
    assert line.status[0] == ("R: whole muscle in view", False)
    assert line.status[1] == ("L: NEEDS REVIEW: two pieces, 31 mm apart; whole muscle in view", True)
    assert table_height(study, 1852) > table_height(result, 1852)


def test_a_muscle_without_fat_has_dashes(result):
    nothing = {"fat_fraction": math.nan, "fat_fraction_low": math.nan, "fat_fraction_high": math.nan, "grades": ()}
    study = changed(result, Side.LEFT, Muscle.GLUTEUS_MINIMUS, status=MuscleStatus.NOT_GRADABLE, reason=Reason.NO_FAT_VALUES, **nothing)
    line = next(line for line in table_lines(study) if line.name == "Gluteus minimus")
    assert line.cells[Side.LEFT][1:] == ("–",) * 4
    assert not any("nan" in cell.lower() for cells in line.cells.values() for cell in cells)
    assert np.isfinite(table_height(study, 1852))
