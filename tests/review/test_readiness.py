"""A study that is known when its corrections come: read once, unless a file of it changed; the numbers are the same."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gluteal_grade.measurement.plan import Candidate
from gluteal_grade.result.models import StudyResult
from gluteal_grade.review import readiness
from gluteal_grade.review.correction import Correction, Remeasurement
from gluteal_grade.review.corrections import corrected_result
from gluteal_grade.review.readiness import made_ready
from gluteal_grade.review.remeasure import _Awaited, _Measuring, _prepared, remeasure
from gluteal_grade.review.uploads import accept_upload
from tests.review.conftest import Graded
from tests.review.test_corrections import WHOLE, drawn, labels_of, upload_of

NUMBERS = WHOLE | {"segmentation", "oedema"}


@pytest.fixture
def corrections(graded: Graded, tmp_path: Path) -> list[Correction]:
    """The program's labels once more, and two changes of them."""

    def without(value: int):
        def change(array: np.ndarray) -> None:
            array[:, :, ::2][array[:, :, ::2] // 10 == value] = 0

        return change

    labels = labels_of(graded, graded.dicom)
    files = [labels, *(drawn(labels, tmp_path / f"{value}.nii.gz", without(value)) for value in (11, 22))]
    return [accept_upload(graded.out, graded.dicom, file) for file in files]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the series of which a fat map was made."""
    found: list[str] = []
    measure = Candidate.measure
    monkeypatch.setattr(Candidate, "measure", lambda self, settings: (found.append(self.series[0].id), measure(self, settings))[1])
    return found


def asked(graded: Graded, correction: Correction) -> Remeasurement:
    return Remeasurement(str(graded.out), correction.study, correction.id, str(upload_of(graded, correction)))


def numbers(graded: Graded, correction: Correction) -> str:
    result: StudyResult = corrected_result(graded.out, correction)
    return result.model_dump_json(include=NUMBERS) + result.provenance.input_hash + result.provenance.config_hash


@pytest.mark.long
def test_one_fat_map_for_all_corrections_and_the_same_numbers(graded: Graded, corrections: list[Correction], made: list[str]) -> None:
    alone = []
    for one in corrections:
        remeasure(asked(graded, one))
        alone.append(numbers(graded, one))
    assert len(made) == len(set(alone)) == 3
    made.clear()
    measuring = _Measuring(lambda: False)
    _prepared(measuring, replace(asked(graded, corrections[0]), labels=""))
    assert len(made) == 1
    for one, wanted in zip(corrections, alone, strict=True):
        assert measuring.measure(asked(graded, one)).state == "done"
        assert numbers(graded, one) == wanted
    assert len(made) == 1


@pytest.mark.long
def test_a_study_of_which_a_file_has_changed_is_read_anew(graded: Graded, corrections: list[Correction], made: list[str]) -> None:
    images = graded.images / "scan"
    measuring = _Measuring(lambda: False)
    job = asked(graded, corrections[0])
    measuring.measure(job)
    measuring.measure(job)
    assert len(made) == 1
    some = next(path for path in sorted(images.rglob("*")) if path.is_file())
    content, before = some.read_bytes(), some.stat()
    again = some.with_name("again")
    again.write_bytes(content)
    os.utime(again, ns=(before.st_atime_ns, before.st_mtime_ns))
    again.replace(some)  # same size and time, and yet another file
    measuring.measure(job)
    assert len(made) == 2
    result = graded.out / graded.dicom / "result.json"
    shutil.copy2(result, result.with_name("x"))
    result.with_name("x").replace(result)  # graded again
    measuring.measure(job)
    assert len(made) == 3


@pytest.mark.long
def test_a_correction_that_comes_early_waits_for_nothing_that_it_does_not_need(
    graded: Graded, corrections: list[Correction], made: list[str]
) -> None:
    asked_for = [False]
    measuring = _Measuring(lambda: asked_for[0])
    job = asked(graded, corrections[1])
    asked_for[0] = True
    with pytest.raises(_Awaited):
        measuring.prepare(job)
    _prepared(measuring, job)  # that is all that happens then
    assert made == []
    assert measuring.measure(job).state == "done"  # though others still wait
    early = numbers(graded, corrections[1])
    remeasure(job)
    assert numbers(graded, corrections[1]) == early


@pytest.mark.long
def test_a_study_too_large_to_keep_is_measured_all_the_same(
    graded: Graded, corrections: list[Correction], made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "memory_mb", lambda: 8.0)
    job = asked(graded, corrections[0])
    assert made_ready(job).kept is None
    measuring = _Measuring(lambda: False)
    _prepared(measuring, job)
    assert made == []
    assert [measuring.measure(job).state for _ in range(2)] == ["done", "done"]
    assert len(made) == 2
