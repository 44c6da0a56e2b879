"""The change since the patient's earlier study as a DICOM structured report: that of the result, with the prior in it.

The result's own report is written when the study is graded; which study is the prior is known later, from a whole cohort or from the user.
So it stays as it is, and a second document in its series repeats it, adds the change and names it as its predecessor. Where the archive
has such a document already, of another comparison, the new one is a third, and names that one too.
"""

from __future__ import annotations

import datetime
import hashlib
import math
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import pydicom
from highdicom.sr import CodeContentItem, NumContentItem, RelationshipTypeValues, TextContentItem
from highdicom.sr.value_types import ContentItem
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import UID
from pydicom.valuerep import DA, TM

from gluteal_grade import __version__
from gluteal_grade.errors import GradeError, not_writable
from gluteal_grade.files import whole
from gluteal_grade.io import quiet_pydicom, text
from gluteal_grade.report.dicom import codes
from gluteal_grade.report.dicom.revision import reference_to
from gluteal_grade.report.dicom.seg import tracking_id
from gluteal_grade.report.dicom.sources import not_written
from gluteal_grade.report.dicom.uids import Identity
from gluteal_grade.report.dicom.write import SR
from gluteal_grade.report.html import Prior, PriorRow
from gluteal_grade.report.layout import SR_PRIOR
from gluteal_grade.result import StudyResult, primary_of
from gluteal_grade.vocabulary import Part, Region, Scale

_TRACKING = "112039"  # Tracking Identifier, DCM
_CONTAINS = RelationshipTypeValues.CONTAINS
_FIRST = 2  # instance number of the first with a prior; the result's own report is 1


def renew_prior_sr(folder: Path, result: bytes, prior: Prior | None) -> bool:
    """Write `sr_prior.dcm` beside the `sr.dcm` of a stored result, where what lies there is made of something else.

    Args:
        folder: of the study's DICOM objects.
        result: bytes of `result.json`.
        prior: what changed; None: an `sr_prior.dcm` of before is deleted.

    Returns:
        whether it was written. It is not where the result has no `sr.dcm`.

    Raises:
        RefusedInput: `dicom_not_written`: `sr.dcm` is not as it was written.
        TransientFailure: `output_not_writable`.
    """
    path = folder / SR_PRIOR
    if prior is None or not (folder / SR).is_file():
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise not_writable(error) from error
        return False
    try:
        with quiet_pydicom():
            encoded = _encoded(folder / SR, path, result, prior)
    except (GradeError, MemoryError):
        raise
    except Exception as error:  # not as we wrote it
        raise not_written(f"{type(error).__name__} in {SR}") from error
    if encoded is None:
        return False
    with whole(path) as scratch:
        scratch.write_bytes(encoded)
    return True


def _encoded(report: Path, path: Path, result: bytes, prior: Prior) -> bytes | None:
    own = _instance(report)
    made_of = hashlib.sha256(b"\0".join((own.encode(), __version__.encode(), repr(prior).encode("utf-8", "replace")))).hexdigest()
    uid = Identity(("gluteal_grade prior", made_of)).uid("instance", "SR")
    if path.is_file():
        there = pydicom.dcmread(path, specific_tags=["SOPInstanceUID", "InstanceNumber"])
        if text(there, "SOPInstanceUID") == _numbered(uid, int(there.get("InstanceNumber") or _FIRST) - _FIRST):
            return None
    data = with_prior(pydicom.dcmread(report), prior, primary_of(StudyResult.model_validate_json(result)))
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = UID(uid)
    buffer = BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _instance(path: Path) -> str:
    return text(pydicom.dcmread(path, specific_tags=["SOPInstanceUID"]), "SOPInstanceUID")


def with_prior(report: Dataset, prior: Prior, scale: Scale) -> Dataset:
    """The result's report with the prior; it still has the UID of the one that it was made from, and names that as its predecessor.

    Args:
        report: `sr.dcm`; changed.
        prior: what changed.
        scale: the primary one, which `grade_then` is on.
    """
    rows = {tracking_id(Part(row.muscle, row.region, row.side)): row for row in prior.rows}
    for group in (item for container in report.ContentSequence for item in container.get("ContentSequence", ())):
        if (row := rows.get(_tracked(group))) is not None:
            _add(group, row, scale)
    report.ContentSequence.append(TextContentItem(codes.PREVIOUS, _text(tuple(_lines(prior))), _CONTAINS))
    report.PredecessorDocumentsSequence = [reference_to(report)]
    report.InstanceNumber = _FIRST
    return report


def follow(path: Path, earlier: Sequence[Dataset]) -> None:
    """Make a written `sr_prior.dcm` the successor of those that the archive has: an instance of its own, with a time, that names the last.

    Nothing is done where the archive has none in its series or has just this one, or where that was done before.

    Args:
        path: of `sr_prior.dcm`.
        earlier: headers of those, in the order of sending.

    Raises:
        RefusedInput: `dicom_not_written`: it is not as it was written.
        TransientFailure: `output_not_writable`.
    """
    try:
        with quiet_pydicom():
            data = pydicom.dcmread(path)
            same = [one for one in earlier if one.SeriesInstanceUID == data.SeriesInstanceUID]
            if not same or same[-1].SOPInstanceUID == data.SOPInstanceUID or int(data.InstanceNumber) != _FIRST:
                return
            uid = UID(_numbered(data.SOPInstanceUID, len(same)))
            data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = uid
            data.InstanceNumber = _FIRST + len(same)
            (last,) = reference_to(same[-1]).ReferencedSeriesSequence[0].ReferencedSOPSequence
            data.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence.append(last)
            now = datetime.datetime.now().astimezone()
            for name in ("InstanceCreation", "Content"):
                setattr(data, f"{name}Date", DA(f"{now:%Y%m%d}"))
                setattr(data, f"{name}Time", TM(f"{now:%H%M%S.%f}"))
            buffer = BytesIO()
            data.save_as(buffer, enforce_file_format=True)
    except MemoryError:
        raise
    except Exception as error:  # not as we wrote it
        raise not_written(f"{type(error).__name__} in {SR_PRIOR}") from error
    with whole(path) as scratch:
        scratch.write_bytes(buffer.getvalue())


def _numbered(uid: str, number: int) -> str:
    """Of the instance with this number among those of one series; the first has the UID of what it is made of."""
    return uid if number <= 0 else Identity(("gluteal_grade prior", uid, "follows", str(number))).uid("instance", "SR")


def _tracked(group: Dataset) -> str:
    names = (i for i in group.get("ContentSequence", ()) if i.ValueType == "TEXT" and i.ConceptNameCodeSequence[0].CodeValue == _TRACKING)
    return next((str(item.TextValue) for item in names), "")


def _add(group: Dataset, row: PriorRow, scale: Scale) -> None:
    """The change behind the numbers of a part, and in words at the end of its line."""
    items = group.ContentSequence
    after = max((n for n, item in enumerate(items, start=1) if item.ValueType in ("NUM", "CODE")), default=len(items))
    for item in reversed([*_numbers(row), *_findings(row, scale)]):
        items.insert(after, item)
    for item in items:
        if item.ValueType == "TEXT" and item.ConceptNameCodeSequence[0].CodeValue == codes.COMMENT.value:
            item.TextValue = _text((f"{item.TextValue}; prior {_told(row)}",))


def _numbers(row: PriorRow) -> Iterator[ContentItem]:
    told: tuple[tuple[Code, float, Code], ...] = (
        (codes.PRIOR, 100 * row.fat_then, codes.PERCENT),
        (codes.CHANGE, row.change_points, codes.PERCENT),
        (codes.CHANGE_LOW, row.change_low, codes.PERCENT),
        (codes.CHANGE_HIGH, row.change_high, codes.PERCENT),
        (codes.SDC, row.sdc_points, codes.PERCENT),
        (codes.VOLUME_CHANGE, row.volume_change_ml, codes.MILLILITRE),
    )
    for name, value, unit in told:
        if not math.isnan(value):
            yield NumContentItem(name, round(value, 4) + 0.0, unit, relationship_type=_CONTAINS)


def _findings(row: PriorRow, scale: Scale) -> Iterator[ContentItem]:
    if row.grade_then is not None:
        yield CodeContentItem(codes.prior_code(scale), codes.grade_code(scale, row.grade_then), _CONTAINS)
    yield CodeContentItem(codes.CHANGED, codes.word_code(_verdict(row)), _CONTAINS)


def _verdict(row: PriorRow) -> str:
    if math.isnan(row.change_points):
        return "not_compared"
    if row.beyond is None:
        return "not_judged"
    return ("more_fat" if row.change_points > 0 else "less_fat") if row.beyond else "within"


def _told(row: PriorRow) -> str:
    """E.g. ``12.1 %, +3.5 points (1.2 to 5.8), SDC 2.1: more fat than before, beyond the stated measurement uncertainty``."""
    numbers = [] if math.isnan(row.fat_then) else [f"{100 * row.fat_then:.1f} %"]
    if not math.isnan(row.change_points):
        interval = "" if math.isnan(row.change_low) else f" ({row.change_low:+.1f} to {row.change_high:+.1f})"
        numbers.append(f"{row.change_points:+.1f} points{interval}")
    if not math.isnan(row.sdc_points):
        numbers.append(f"SDC {row.sdc_points:.1f}")
    return ": ".join(part for part in (", ".join(numbers), row.words) if part)


def _lines(prior: Prior) -> Iterator[str]:
    days = "" if prior.days is None else f", {prior.days} days before"
    yield f"Prior: study {prior.study}{days}. Fat then, change with its 95 % interval, smallest detectable change (SDC)."
    for row in prior.rows:
        if row.region is Region.WHOLE:
            yield f"{row.side.capitalize()} {row.muscle.short}: {_told(row)}."
    if prior.site:
        yield f"Judged by the repeatability of the site: {prior.site}."
    yield from (f"Caution: {words.removesuffix('.')}." for words in prior.cautions)


def _text(lines: tuple[str, ...]) -> str:
    """Lines end in CR LF in a DICOM text."""
    return "\r\n".join(lines).encode("ascii", "replace").decode()
