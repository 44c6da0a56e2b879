"""The surgeon's table: indices made of the result's own numbers, a dash where a part is missing."""

from __future__ import annotations

from typing import Any

import pytest

from gluteal_grade.report.html._surgeon import SurgeonRow, surgeon_rows
from gluteal_grade.report.html.write import Mark, report_text
from gluteal_grade.report.words import legend_entries
from gluteal_grade.result.models import MuscleResult, MuscleStatus, StudyResult
from gluteal_grade.vocabulary import Muscle, Region, Side
from tests.report.html.reports import Read

MEDIUS, TENSOR = Muscle.GLUTEUS_MEDIUS, Muscle.TENSOR_FASCIAE_LATAE
INDEX, RATIO = "Fatty degeneration index of medius", "Tensor over medius, volume"


def rows(result: StudyResult) -> dict[str, SurgeonRow]:
    return {row.name: row for row in surgeon_rows(result)}


def graded_as(m: MuscleResult, grade: int) -> MuscleResult:
    grades = tuple(g.model_copy(update={"grade": grade}) if g.scale == "goutallier" else g for g in m.grades)
    return m.model_copy(update={"grades": grades})


def changed(result: StudyResult, side: Side, muscle: Muscle, region: Region, change: Any) -> StudyResult:
    hit = (side, muscle, region)
    return result.model_copy(update={"muscles": tuple(change(m) if (m.side, m.muscle, m.region) == hit else m for m in result.muscles)})


def with_tensor(result: StudyResult, right_ml: float, left_ml: float) -> StudyResult:
    """A tensor as maximus is, of these volumes."""
    whole = [m for m in result.muscles if (m.muscle, m.region) == (Muscle.GLUTEUS_MAXIMUS, Region.WHOLE)]
    volumes = {Side.RIGHT: right_ml, Side.LEFT: left_ml}
    others = tuple(m for m in result.muscles if m.muscle is not TENSOR)
    tensors = tuple(m.model_copy(update={"muscle": TENSOR, "volume_ml": volumes[m.side], "cut_at": ()}) for m in whole)
    return result.model_copy(update={"muscles": (*others, *tensors)})


@pytest.fixture
def mixed(result: StudyResult) -> StudyResult:
    """Right medius of grades 1, 2 and 4."""
    for region, grade in ((Region.ANTERIOR, 1), (Region.MIDDLE, 2), (Region.POSTERIOR, 4)):
        result = changed(result, Side.RIGHT, MEDIUS, region, lambda m, grade=grade: graded_as(m, grade))
    return result


def test_the_index_is_the_mean_of_three_grades(mixed: StudyResult) -> None:
    found = rows(mixed)[INDEX]
    assert (found.right.text, found.right.small) == ("2.33", "1 + 2 + 4")
    assert found.left.text not in ("–", "2.33")


def test_without_one_third_there_is_no_index(mixed: StudyResult) -> None:
    none = {"status": MuscleStatus.NOT_GRADABLE, "grades": ()}
    found = rows(changed(mixed, Side.RIGHT, MEDIUS, Region.MIDDLE, lambda m: m.model_copy(update=none)))
    assert found[INDEX].right.text == "–"
    assert found["Medius, middle"].right.text == "–"
    assert found["Medius, middle"].left.text.endswith(" %")


def test_what_needs_review_is_marked_in_all_that_is_made_of_it(mixed: StudyResult) -> None:
    doubt = {"status": MuscleStatus.NEEDS_REVIEW}
    found = rows(changed(mixed, Side.LEFT, MEDIUS, Region.POSTERIOR, lambda m: m.model_copy(update=doubt)))
    assert (found[INDEX].left.mark, found[INDEX].right.mark) == ("review", "")
    assert found["Medius, posterior"].left.mark == "review"


def test_volumes_of_whole_muscles_alone(result: StudyResult) -> None:
    medius = {m.side: m.volume_ml for m in result.muscles if (m.muscle, m.region) == (MEDIUS, Region.WHOLE)}
    study = with_tensor(result, 80.0, 60.0)
    found = rows(study)
    assert (found["Tensor fasciae latae, ml"].right.text, found["Tensor fasciae latae, ml"].left.text) == ("80", "60")
    assert found[RATIO].right.text == f"{80 / medius[Side.RIGHT]:.2f}"
    cut = changed(study, Side.RIGHT, TENSOR, Region.WHOLE, lambda m: m.model_copy(update={"cut_at": ("inferior",)}))
    assert (rows(cut)[RATIO].right.text, rows(cut)["Tensor fasciae latae, ml"].right.text) == ("–", "–")
    assert rows(cut)[RATIO].left.text == f"{60 / medius[Side.LEFT]:.2f}"


def test_nothing_is_said_of_a_muscle_that_is_not_there(result: StudyResult) -> None:
    glutei = result.model_copy(update={"muscles": tuple(m for m in result.muscles if m.muscle is not TENSOR)})
    assert not {RATIO, "Tensor fasciae latae, ml"} & set(rows(glutei))
    assert surgeon_rows(result.model_copy(update={"muscles": ()})) == ()


def test_minimus_front_and_back_or_in_thirds(result: StudyResult) -> None:
    minimus = Muscle.GLUTEUS_MINIMUS
    assert [name for name in rows(result) if name.startswith("Minimus")] == ["Minimus, posterior", "Minimus, anterior"]
    front = [m for m in result.muscles if (m.muscle, m.region) == (minimus, Region.ANTERIOR)]
    middle = tuple(m.model_copy(update={"region": Region.MIDDLE}) for m in front)
    thirds = result.model_copy(update={"muscles": (*result.muscles, *middle)})
    found = rows(thirds)
    assert [name for name in found if name.startswith("Minimus")] == ["Minimus, anterior", "Minimus, middle", "Minimus, posterior"]
    assert [name for _, name in legend_entries(thirds)][-2:] == ["Gluteus minimus, anterior and middle", "Gluteus minimus, posterior"]
    assert "Ebert" in found["Minimus, middle"].source
    assert "Pfirrmann" in found["Minimus, posterior"].source


def test_the_page_shows_it_with_its_sources(mixed: StudyResult) -> None:
    page = Read(report_text(mixed, None, None, (), Mark("0" * 64, "0" * 64)))
    table = page.tables["surgeon"]
    assert table[1][:2] == [INDEX, "2.33|1 + 2 + 4"]
    assert all(row[3] for row in table)
    assert "Tendons, their tears and bursae are not looked at" in page.ids["surgeon-note"]
