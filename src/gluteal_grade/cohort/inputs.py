"""From the command line's INPUTs to entries: folders, globs, BIDS trees, zips, files, manifests."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from gluteal_grade.cohort.entries import Entry
from gluteal_grade.cohort.index import index_folder
from gluteal_grade.cohort.manifest import read_manifest
from gluteal_grade.errors import GradeError, Reason, RefusedInput


def read_inputs(
    inputs: Sequence[str],
    out: Path,
    labels: str | None = None,
    labelmap: str | None = None,
    kind: tuple[str, ...] = (),
    *,
    left_alone: list[str] | None = None,
) -> list[Entry]:
    """All entries, each place once, in the order given; what cannot be read is an entry with a refusal.

    Args:
        inputs: paths and patterns as given.
        out: the batch's output, not looked into.
        labels: name or pattern of each study's label map, in its folder or above it; a manifest's own wins.
        labelmap: its numbering, or that of the run's bundle.
        kind: contrasts, as `--kind` of `grade`; a manifest's own win.
        left_alone: see `index.index_folder`.
    """
    entries = [
        replace(entry, given_by=absolute(given)) for given in inputs for path in _paths(given) for entry in _of_path(path, out, left_alone)
    ]
    unique = {entry.key: entry for entry in reversed(entries)}
    ordered = [unique.pop(entry.key) for entry in entries if entry.key in unique]
    folders = [Path(path) for given in inputs for path in _paths(given)]
    said = [_said(entry, kind, labelmap if labels is None else None) for entry in ordered]
    return [_labelled(entry, labels, labelmap, folders) if labels else entry for entry in said]


def absolute(given: str) -> str:
    """An INPUT as the ledger keeps it, so that it is known again."""
    return os.path.abspath(given)  # noqa: PTH100 - a pattern is no path


def given_folders(inputs: Sequence[str]) -> tuple[Path, ...]:
    """The folders that INPUTs name, absolute: what lay below one and is not found there is gone."""
    return tuple(Path(absolute(path)) for given in inputs for path in _paths(given) if Path(path).is_dir())


def _said(entry: Entry, kind: tuple[str, ...], bundle_numbering: str | None) -> Entry:
    """With what was said of all studies, where nothing else is said of this one."""
    given = replace(entry.given, kind=entry.given.kind or kind)
    if bundle_numbering and not given.labels and not given.labelmap:
        given = replace(given, labelmap=bundle_numbering)
    return replace(entry, given=given)


def _paths(given: str) -> Iterable[str]:
    if Path(given).exists():
        return [given]  # a name with brackets is a name first
    return sorted(glob.glob(given, recursive=True)) or [given]  # noqa: PTH207 - Path.glob takes no absolute pattern


def _of_path(given: str, out: Path, left_alone: list[str] | None) -> list[Entry]:
    path = Path(given)
    try:
        if not path.exists():
            raise RefusedInput(Reason.INPUT_NOT_FOUND, "no such file or folder")
        if path.is_dir():
            beside: list[str] = []
            found = index_folder(path, given, out, beside)
            if left_alone is not None:
                left_alone.extend(beside)
            if beside and not found:
                raise RefusedInput(Reason.NO_IMAGES, "all files lie in sourcedata, code or tmp_dcm2bids of the dataset: give that folder")
            return found or [Entry(given, path)]
        if path.suffix.lower() in (".csv", ".tsv"):
            return read_manifest(path, given)
    except GradeError as error:
        return [Entry(given, path, refusal=error)]
    except OSError as error:
        return [Entry(given, path, refusal=RefusedInput(Reason.INPUT_NOT_FOUND, error.strerror or "cannot be opened"))]
    return [Entry(given, path)]


def _labelled(entry: Entry, pattern: str, labelmap: str | None, tops: Sequence[Path]) -> Entry:
    """With the label map nearest to the images: in their common folder, or above it up to the folder that was given."""
    if entry.refusal or entry.given.labels:
        return entry
    try:
        found = _nearest(entry, pattern, tops)
    except RefusedInput as error:
        return replace(entry, refusal=error)
    return replace(entry, given=replace(entry.given, labels=found, labelmap=entry.given.labelmap or labelmap))


def _nearest(entry: Entry, pattern: str, tops: Sequence[Path]) -> Path:
    folder = _common_folder(entry)
    limit = next((top for top in map(_folder_of, tops) if folder.is_relative_to(top)), folder)
    for place in (folder, *folder.parents):
        matches = sorted(place.glob(pattern))
        if len(matches) > 1:
            raise RefusedInput(Reason.LABELS_NOT_FOUND, f"{len(matches)} files of the study match --labels")
        if matches:
            return matches[0]
        if place == limit:
            break
    return folder / pattern  # not there: refused as such when the study is, unless there is a better reason


def _common_folder(entry: Entry) -> Path:
    folders = [_folder_of(entry.root / part) for part in entry.parts or ("",)]
    common = folders[0]
    while not all(folder.is_relative_to(common) for folder in folders):
        common = common.parent
    return common


def _folder_of(path: Path) -> Path:
    return path if path.is_dir() else path.parent
