"""Where results lie: every place that is written is found again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.report.layout import SUMMARY_PICTURE, Layout, place_at, place_for, places
from gluteal_grade.vocabulary import StudyFile

LABELS = st.from_regex(r"[A-Za-z0-9]{1,12}", fullmatch=True)
HASHES = st.from_regex(r"[0-9a-f]{12}", fullmatch=True)
NAMES = (*(file.value for file in StudyFile), SUMMARY_PICTURE, "overlay_03_hip_joint.png")


@given(HASHES, LABELS, st.none() | LABELS, st.sampled_from(Layout))
def test_what_is_written_is_found(study: str, subject: str, session: str | None, layout: Layout) -> None:
    name = "/".join(x for x in (f"data/sub-{subject}", session and f"ses-{session}", "anat") if x) + "/"
    place = place_for(layout, study, name)
    assert place_at(place.folder) == place
    assert len({place.rename(n) for n in NAMES}) == len(NAMES)
    assert ".." not in place.folder


@pytest.mark.parametrize("layout", Layout)
def test_names_and_places_on_disk(tmp_path: Path, layout: Layout) -> None:
    made = [place_for(layout, f"{n:012x}", name) for n, name in enumerate(("sub-1/anat/", "sub-2/ses-a/anat/", "sub-2/ses-b/anat/", "x/"))]
    for place in made:
        for name in NAMES:
            path = place.find(tmp_path, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    for other in ("figures", "trends", "0123", "sub-3/anat", ".0123456789ab.x.partial"):
        (tmp_path / other).mkdir(parents=True, exist_ok=True)
    assert sorted(p.folder for p in places(tmp_path)) == sorted(p.folder for p in made)
    assert all(sorted(place.names(tmp_path)) == sorted(NAMES) for place in made)


def test_without_a_bids_name_the_hash_is_the_subject() -> None:
    assert place_for(Layout.BIDS, "0123456789ab", "Doe Jane/scan.nii.gz").folder == "sub-0123456789ab"
    assert place_for(Layout.FLAT, "0123456789ab", "sub-1/anat/").folder == "0123456789ab"


def test_a_file_that_nobody_named_has_no_place_in_bids() -> None:
    with pytest.raises(ValueError, match="notes"):
        place_at("sub-1").rename("notes.txt")
