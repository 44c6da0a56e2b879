"""The end of a batch: tables, dictionaries, pictures and pages, made again from the results in the output folder."""

from __future__ import annotations

from pathlib import Path

from gluteal_grade.cohort.bids_dataset import describe_dataset
from gluteal_grade.cohort.change.patients import from_studies_csv
from gluteal_grade.cohort.change.trends import patient_trends
from gluteal_grade.cohort.gallery import write_gallery
from gluteal_grade.cohort.ledger import NAME, Ledger, opened
from gluteal_grade.cohort.lock import locked
from gluteal_grade.cohort.muscles import write_muscles
from gluteal_grade.cohort.priors import renew_with_priors
from gluteal_grade.cohort.repeatability.site_file import keep_site, site_of_folder
from gluteal_grade.cohort.scales import scales_of_folder
from gluteal_grade.cohort.stored import read_stored
from gluteal_grade.cohort.studies import Story, story, write_story
from gluteal_grade.cohort.workbook import renew_workbook
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.report import places

MAX_TRENDS = 200  # trend plots, of the patients who changed most


def summarise(out: Path, ledger: Ledger | None = None, *, pictures: bool = True, site: Path | None = None) -> Story:
    """Write `cohort.csv`, `cohort.parquet`, `cohort.xlsx`, `studies.csv`, `refusals.csv`, `changes.csv`, dictionaries, pictures and pages.

    The reports of studies with a prior are made again if the change since then reads differently.

    Args:
        out: the output of a batch, or of several runs of `grade`.
        ledger: open already; None: that of the folder, if there is one.
        pictures: contact sheets, figures and trend plots too.
        site: site file to judge changes by, kept in the folder; None: the one that lies there, if any.

    Raises:
        RefusedInput: `no_results`, if there is neither a result nor a ledger; `site_unreadable`.
        TransientFailure: `output_not_writable`.
    """
    if ledger is None and (out / NAME).is_file():
        with opened(out) as own:
            return summarise(out, own, pictures=pictures, site=site)
    found = list(places(out)) if out.is_dir() else []
    if not found and ledger is None:
        raise RefusedInput(Reason.NO_RESULTS, "no study with a result.json, and no ledger")
    keep_site(out, site)
    stored = [read_stored(out, place) for place in found]
    told = story(stored, ledger.last_rows() if ledger else (), ledger.graded_before() if ledger else {})
    write_story(out, told, write_muscles(out, told.places))
    renew_workbook(out)
    patient_trends(from_studies_csv(out), out, MAX_TRENDS if pictures else 0, scales_of_folder(out), site=site_of_folder(out))
    renew_with_priors(out)
    write_gallery(out, pictures=pictures)
    if any(place.prefix for place in found):
        describe_dataset(out)
    return told


def summarise_unlocked(out: Path, *, pictures: bool = True, site: Path | None = None) -> Story:
    """The same on a folder that a batch may be writing to: refused with `output_in_use` while it does."""
    if not out.is_dir():
        raise RefusedInput(Reason.NO_RESULTS, "no such folder")
    with locked(out):
        return summarise(out, pictures=pictures, site=site)
