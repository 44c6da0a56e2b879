"""The list follows the output folder: new, replaced, vanished and damaged results."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.review.catalogue import Catalogue
from gluteal_grade.review.listed import result_hash
from tests.review.conftest import Graded


def copied(graded: Graded, study: str, change=lambda result: None, folder: str = "") -> Path:
    """A result under another hash."""
    result = json.loads((graded.out / graded.dicom / "result.json").read_text())
    result["study"] = study
    change(result)
    path = graded.out / (folder or study) / "result.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result))
    return path


def test_what_is_listed_is_what_the_result_says(graded: Graded) -> None:
    catalogue = Catalogue(graded.out)
    catalogue.refresh()
    assert [one.study for one in catalogue.listed] == sorted([graded.dicom, graded.nifti])
    one, result = catalogue.find(graded.dicom), catalogue.load(graded.dicom)
    assert one is not None
    whole = [m for m in result.muscles if m.region == "whole"]
    assert one.status == result.status
    assert one.max_fat_fraction == max(m.fat_shown.value for m in whole)
    assert one.worst_grade == max(m.grade("quartile") or 0 for m in whole)
    assert one.worst_muscle == "left minimus"  # 60 % fat
    assert (one.metal, one.method, one.automatic, one.needs_review) == ((), "dixon", False, False)
    assert one.borderline == sum(any(g.borderline_with is not None for g in m.grades) for m in whole)
    assert one.result_hash == result_hash((graded.out / graded.dicom / "result.json").read_bytes())
    other = catalogue.find(graded.nifti)
    assert other is not None
    assert other.metal == ("left",)
    # the batch's table knows who and when
    assert one.patient == other.patient != ""
    assert (one.days, other.days, one.prior, other.prior) == (0, 366, "", graded.dicom)


def test_new_replaced_gone_and_damaged_results(graded: Graded) -> None:
    catalogue = Catalogue(graded.out)
    catalogue.refresh()
    path = copied(graded, "c0" * 6)
    catalogue.refresh()
    before = catalogue.find("c0" * 6)
    assert before is not None
    copied(graded, "c0" * 6, lambda result: result["metal"][0].update(present=True))
    os.utime(path, ns=(1, 1))
    catalogue.refresh()
    after = catalogue.find("c0" * 6)
    assert after is not None
    assert after.metal != before.metal
    assert after.result_hash != before.result_hash
    assert catalogue.load("c0" * 6).metal[0].present
    path.write_text(path.read_text()[:1000])
    catalogue.refresh()
    assert catalogue.find("c0" * 6) is None
    assert len(catalogue.listed) == 2
    path.unlink()
    catalogue.refresh()
    assert len(catalogue.listed) == 2


def test_reasons_say_what_is_wrong_and_where(graded: Graded) -> None:
    def doubt(result: dict) -> None:
        muscle = next(m for m in result["muscles"] if (m["muscle"], m["side"], m["region"]) == ("gluteus_minimus", "left", "whole"))
        muscle |= {"status": "needs_review", "checks": [{"reason": "label_in_pieces", "detail": "", "advice": ""}]}
        muscle = next(m for m in result["muscles"] if (m["muscle"], m["side"], m["region"]) == ("gluteus_maximus", "right", "whole"))
        muscle |= {"status": "partial", "reason": "out_of_view"}

    copied(graded, "c0" * 6, doubt)
    copied(graded, "c1" * 6, lambda r: r.update(status="refused", refusal={"reason": "no_images", "detail": "", "advice": ""}, muscles=[]))
    catalogue = Catalogue(graded.out)
    catalogue.refresh()
    doubted, refused = catalogue.find("c0" * 6), catalogue.find("c1" * 6)
    assert doubted is not None
    assert refused is not None
    assert doubted.needs_review
    assert doubted.reasons == ("label in pieces: left gluteus minimus", "out of view: right gluteus maximus")
    assert refused.reasons == ("refused: no images",)
    assert refused.max_fat_fraction != refused.max_fat_fraction
    assert (refused.worst_grade, refused.worst_muscle) == (None, "")


def test_only_some_studies_and_nothing_by_another_name(graded: Graded) -> None:
    catalogue = Catalogue(graded.out, only=frozenset({graded.nifti}))
    catalogue.refresh()
    assert [one.study for one in catalogue.listed] == [graded.nifti]
    for name in (graded.dicom, "../out", f"../out/{graded.dicom}", "", "review", "\0"):
        assert catalogue.find(name) is None
        with pytest.raises(RefusedInput, match=Reason.STUDY_NOT_FOUND):
            catalogue.load(name)


def test_a_bids_output_and_a_folder_that_is_not_there(graded: Graded, tmp_path: Path) -> None:
    copied(graded, "c0" * 6, folder="sub-01/ses-a/anat")
    (graded.out / "sub-01/ses-a/anat/result.json").rename(graded.out / "sub-01/ses-a/anat/sub-01_ses-a_desc-glutei_result.json")
    catalogue = Catalogue(graded.out)
    catalogue.refresh()
    found = catalogue.find("c0" * 6)
    assert found is not None
    assert found.place.folder == "sub-01/ses-a"
    with pytest.raises(TransientFailure, match=Reason.READ_FAILED):
        Catalogue(tmp_path / "nowhere").refresh()


def test_a_result_of_another_version_is_listed_and_not_loaded(graded: Graded) -> None:
    copied(graded, "c0" * 6, lambda result: result.update(something="new"))
    catalogue = Catalogue(graded.out)
    catalogue.refresh()
    assert catalogue.find("c0" * 6) is not None
    with pytest.raises(RefusedInput, match=Reason.NOT_A_RESULT):
        catalogue.load("c0" * 6)


def test_a_table_of_studies_that_is_none_is_passed_over(graded: Graded) -> None:
    with (graded.out / "studies.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["study", "patient", "days"], [graded.dicom, "P1", "soon"]])
    catalogue = Catalogue(graded.out)
    catalogue.refresh()
    assert [one.patient for one in catalogue.listed] == ["", ""]
