"""Fetching a study: C-GET, C-MOVE or WADO-RS, series by series, until what the peer counts is there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.pacs.config import PacsSettings
from gluteal_grade.pacs.fetchers import Fetcher, Tally, Wanted, by_get, by_move, by_wado
from gluteal_grade.pacs.found import Directory, Found
from gluteal_grade.pacs.landing import IMAGE_CLASSES, Landing
from gluteal_grade.pacs.query import directory, images_in, series_in

IMAGE_MODALITIES = ("MR", "CT")
_MIN_FREE_GB = 1.0  # where the settings of receiving do not say


def fetch_study(settings: PacsSettings, found: Found, folder: Path) -> int:
    """Fetch the MR and CT images of a study into a folder; what is there already is not fetched again.

    Files are named by a hash of their SOPInstanceUID. Non-image series (SR, SEG, PR and so on) stay where they are.

    Args:
        settings: whom to ask, and how (`query.retrieve`).
        found: the study.
        folder: made if missing; one study a folder.

    Returns:
        how many images lie in the folder.

    Raises:
        RefusedInput: `retrieve_failed` (the peer has no such study), `no_images` (no MR or CT series in it).
        TransientFailure: `retrieve_incomplete` (fewer came than the peer counts), `retrieve_failed`, `disk_low`,
            `output_not_writable`, `port_in_use`, `peer_unreachable`, `peer_refused`, `query_failed`.
    """
    free = settings.receive.min_free_gb if settings.receive else _MIN_FREE_GB
    landing = Landing(folder, found.study_uid, free)
    by_web = settings.query.retrieve == "web" or settings.pacs is None
    with directory(settings, "web" if by_web else "dimse") as peer:
        wanted = _wanted(peer, found)
    tally = Tally()
    lacking = [one for one in wanted if one.images is None or landing.lacks(one.images)]
    if lacking:
        with _way(settings) as fetch:
            for one in lacking:
                landing.check_space()
                fetch(one, landing, tally)
                if landing.failure:
                    raise landing.failure
    _check(wanted, landing, tally)
    return len(landing.here)


def _way(settings: PacsSettings) -> AbstractContextManager[Fetcher]:
    if settings.pacs is None or settings.query.retrieve == "web":
        return by_wado(settings)
    return by_move(settings) if settings.query.retrieve == "move" else by_get(settings)


def _wanted(peer: Directory, found: Found) -> list[Wanted]:
    series = series_in(peer, found.study_uid)
    if not series:
        if not peer.ask("STUDY", {"StudyInstanceUID": found.study_uid}):
            raise RefusedInput(Reason.RETRIEVE_FAILED, "the peer has no such study")
        return [Wanted(found.study_uid, None, None, found.images)]
    wanted = []
    for one in series:
        if one.modality and one.modality not in IMAGE_MODALITIES:
            continue
        images = images_in(peer, found.study_uid, one.uid)
        uids = tuple(sorted(uid for uid, sop_class in images.items() if not sop_class or sop_class in IMAGE_CLASSES))
        if images and not uids:  # raw data or spectra
            continue
        wanted.append(Wanted(found.study_uid, one.uid, uids or None, len(uids) if uids else one.images))
    if not wanted:
        raise RefusedInput(Reason.NO_IMAGES, f"none of {len(series)} series is MR or CT")
    return wanted


def _check(wanted: Sequence[Wanted], landing: Landing, tally: Tally) -> None:
    """What the peer named is there; where it named nothing, as many as it counts; where it counted nothing, none failed."""
    named = [uid for one in wanted for uid in one.images or ()]
    missing = len(landing.lacks(named))
    unnamed = [one for one in wanted if one.images is None]
    total, came = len(named), len(named) - missing
    if unnamed:
        more = len((landing.here | landing.aside) - set(named))
        counted = sum(one.count or 0 for one in unnamed)
        total, came = total + counted, came + more
        if more < counted or not more or (tally.failed and any(one.count is None for one in unnamed)):
            missing += max(1, counted - more)
    if missing:
        raise TransientFailure(Reason.RETRIEVE_INCOMPLETE, f"{came} of {total} images came; {tally}")
