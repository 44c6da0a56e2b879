"""Fault injection: fixed cases end well, and what ends badly would be seen."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from gluteal_grade.errors import Reason
from gluteal_grade_lab.fuzz.command import BAD, FAULTS, cases, table
from gluteal_grade_lab.fuzz.judge import Ending, Told, judge, told_of
from gluteal_grade_lab.fuzz.running import apart
from tests.report.studies import toy_study

PART = ("left", "gluteus_medius")
SOUND = Told({PART: (20.0, 300.0)}, frozenset({"note resampled"}))


@pytest.mark.long
def test_fixed_cases_end_well(tmp_path: Path) -> None:
    lines = list(cases(range(8), seed=1, limit_s=120, memory_mb=2000, kept=tmp_path / "kept"))
    assert [line.number for line in lines] == list(range(8))
    assert [line for line in lines if line.ending in BAD] == []
    assert {line.ending for line in lines} >= {Ending.EQUAL, Ending.REFUSED}
    assert {line.seed for line in lines} >= {"dixon", "t1", "nifti", "zip"}
    assert not (tmp_path / "kept").exists()
    assert "| all | 8 |" in table(lines)


@pytest.mark.parametrize(
    ("spoilt", "ending"),
    [
        (SOUND, Ending.EQUAL),
        (Told({PART: (20.4, 302.0)}), Ending.EQUAL),
        (Told({PART: (20.6, 300.0)}, SOUND.said), Ending.SILENT),
        (Told({PART: (20.0, 310.0)}, frozenset()), Ending.SILENT),
        (Told({}, SOUND.said), Ending.SILENT),
        (Told({PART: (float("nan"), 300.0)}, SOUND.said), Ending.SILENT),
        (Told({PART: (40.0, 300.0)}, SOUND.said | {"note empty_slices"}), Ending.SAID),
        (Told(refusal="no_geometry"), Ending.REFUSED),
        (Told(error="KeyError in gluteal_grade.x:1"), Ending.TRACEBACK),
        (Told(error="hang"), Ending.HANG),
        (Told(SOUND.numbers, SOUND.said, peak_mb=3000), Ending.MEMORY),
    ],
)
def test_every_ending_is_told_from_the_others(spoilt: Told, ending: Ending) -> None:
    assert judge(SOUND, spoilt, most_mb=2000)[0] is ending


def test_what_is_true_of_many_sound_studies_warns_of_nothing() -> None:
    """A fat fraction 60 points off was "said" by a note that no skin is in view, and by a method that nobody knows was another."""
    result, _ = toy_study()
    sound = told_of(result)
    notes = [n.model_copy(update={"reason": reason}) for n in result.notes[:1] for reason in (Reason.SWAP_UNCHECKED, Reason.NOISE_UNKNOWN)]
    assert len(notes) == 2
    assert told_of(result.model_copy(update={"notes": (*result.notes, *notes)})).said == sound.said
    worse = result.notes[0].model_copy(update={"reason": Reason.EMPTY_SLICES})
    assert told_of(result.model_copy(update={"notes": (*result.notes, worse)})).said == sound.said | {"note empty_slices"}
    assert not any(str(result.fat.method) in word for word in sound.said if result.fat)


def _sleeps() -> Told:
    time.sleep(60)
    return SOUND


def _dies() -> Told:
    os._exit(9)


def test_a_child_that_hangs_or_dies_is_told() -> None:
    assert apart(lambda: SOUND, 30)[0].numbers == SOUND.numbers
    hung, seconds = apart(_sleeps, 0.5)
    assert (hung.error, seconds < 30) == ("hang", True)
    assert apart(_dies, 30)[0].error == "died with exit code 9"


def test_every_kind_of_study_has_faults_of_its_own() -> None:
    assert all(len(faults) >= 6 for faults in FAULTS.values())
    assert len({name for faults in FAULTS.values() for name in faults}) > 80
