import math

import pytest

from gluteal_grade.errors import Reason
from gluteal_grade.report.words import method_text, percent_text, regions_text, status_text, volume_text
from gluteal_grade.result.models import MuscleStatus, NoteModel
from gluteal_grade.vocabulary import Muscle, Side
from tests.report.studies import toy_study

DOUBT = NoteModel(reason=Reason.SIDES_UNEQUAL, detail="60 ml right, 250 ml left", advice="Look.")


@pytest.fixture(scope="module")
def result():
    return toy_study(shape=(72, 52, 30), spacing=(5.0, 5.0, 5.0))[0]


@pytest.mark.parametrize(("ml", "text"), [(742.4, "742 ml"), (9.94, "9.9 ml"), (9.96, "10 ml"), (0.04, "0.0 ml"), (math.nan, "–")])
def test_volume(ml, text):
    assert volume_text(ml) == text


@pytest.mark.parametrize(("fraction", "text"), [(0.123, "12.3 %"), (0.0, "0.0 %"), (1.0, "100.0 %"), (math.nan, "–")])
def test_percent(fraction, text):
    assert percent_text(fraction) == text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"status": MuscleStatus.MISSING, "reason": Reason.NO_LABEL}, "not measured: no label"),
        (
            {"status": MuscleStatus.PARTIAL, "reason": Reason.OUT_OF_VIEW, "coverage": 0.62, "cut_at": ("inferior", "left")},
            "partly in view, about 62 %; cut at the inferior and left border",
        ),
        (
            {"status": MuscleStatus.NOT_GRADABLE, "reason": Reason.TOO_FEW_VOXELS, "detail": "3 voxels, 20 needed"},
            "not gradable: too small to measure (3 voxels, 20 needed)",
        ),
        ({"evaluable_share": 0.83}, "whole muscle in view; 83 % evaluable"),
        ({"status": MuscleStatus.NOT_GRADABLE, "reason": Reason.CONTRAST_AGENT}, "not gradable: contrast agent"),
        (
            {"status": MuscleStatus.NEEDS_REVIEW, "reason": Reason.SIDES_UNEQUAL, "checks": (DOUBT,)},
            "NEEDS REVIEW: 60 ml right, 250 ml left; whole muscle in view",
        ),
        (
            {"status": MuscleStatus.NEEDS_REVIEW, "checks": (DOUBT, DOUBT), "coverage": 0.62, "cut_at": ("inferior",)},
            "NEEDS REVIEW: 60 ml right, 250 ml left; 60 ml right, 250 ml left; partly in view, about 62 %; cut at the inferior border",
        ),
    ],
)
def test_status_in_plain_words(result, changes, text):
    muscle = next(m for m in result.muscles if m.side is Side.LEFT and m.muscle is Muscle.GLUTEUS_MEDIUS)
    assert status_text(muscle.model_copy(update=changes)) == text


def test_a_series_named_after_its_file_is_told_by_contrast_only(result):
    assert method_text(result) == "fat-fraction map · series s1 (fat fraction)"
    fat = result.fat.model_copy(update={"series": ("doe_jane_T1w",)})
    series = tuple(s.model_copy(update={"id": "doe_jane_T1w"}) for s in result.series)
    assert method_text(result.model_copy(update={"fat": fat, "series": series})) == "fat-fraction map · series fat fraction"


def test_regions_by_rule_are_told_given_ones_are_not(result):
    assert regions_text(result) == "Regions of gluteus maximus and gluteus medius by rule, from the shape of the muscles."
    given = result.segmentation.model_copy(update={"regions": {"right gluteus_minimus": "given with the labels"}})
    assert regions_text(result.model_copy(update={"segmentation": given})) == ""
