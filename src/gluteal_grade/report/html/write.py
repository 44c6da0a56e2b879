"""`report.html`: written when what it is made of has changed, under another name first."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from gluteal_grade import __version__
from gluteal_grade.errors import not_writable
from gluteal_grade.report.html.picture import Embedded, embedded, from_page, read_picture
from gluteal_grade.report.html.prior import Prior
from gluteal_grade.result import StudyResult

_HEAD = 300  # characters in which the mark stands
_MARK = re.compile(r"<!-- made of ([0-9a-f]{64}), picture ([0-9a-f]{64}) -->")


@dataclass(frozen=True)
class Mark:
    """What a report is made of, in its head, so that it need not be made twice.

    Attributes:
        all: hash of everything: the result, its picture, the prior, this program.
        picture: hash of the picture's file and of how it is embedded.
    """

    all: str
    picture: str


def write_report(result: StudyResult, picture: Path | None, path: Path, prior: Prior | None = None, identity: tuple[str, ...] = ()) -> Path:
    """Write the report of one study. The same input gives the same bytes.

    Args:
        result: of the study.
        picture: its `overlay_summary.png`; None, or a file that is not there: a report without a picture.
        path: of the report; its folder is made if only that is missing.
        prior: an earlier study of the same patient.
        identity: lines that name the patient; without them the report does not identify the patient. Any text: it is escaped.

    Raises:
        TransientFailure: `output_not_writable`; `read_failed`: the picture is damaged.
    """
    png = read_picture(picture)
    mark = mark_of(result.to_json().encode(), png, prior, identity)
    _write(path, report_text(result, embedded(png) if png else None, prior, identity, mark))
    return path


def renewed(path: Path, result: bytes, picture: Path | None, prior: Prior | None = None, identity: tuple[str, ...] = ()) -> bool:
    """Write the report of a stored result where the one that lies there is made of something else; an unchanged picture is taken over.

    Args:
        path: of the report.
        result: bytes of `result.json`.
        picture, prior, identity: as in `write_report`.

    Returns:
        whether the file was written.

    Raises:
        ValueError: the bytes are no result of this schema.
        TransientFailure: `output_not_writable`, `read_failed`.
    """
    png = read_picture(picture)
    mark = mark_of(result, png, prior, identity)
    lies = _mark_in(path)
    if lies == mark:
        return False
    shown = from_page(path.read_text(encoding="utf-8", errors="replace")) if lies and lies.picture == mark.picture else None
    if shown is None and png:
        shown = embedded(png)
    _write(path, report_text(StudyResult.model_validate_json(result), shown, prior, identity, mark))
    return True


def report_text(result: StudyResult, picture: Embedded | None, prior: Prior | None, identity: tuple[str, ...], mark: Mark) -> str:
    """The page, with the mark of what it is made of in its head."""
    from gluteal_grade.report.html._page import page

    return page(result, picture, prior, identity, f"made of {mark.all}, picture {mark.picture}")


def mark_of(result: bytes, png: bytes, prior: Prior | None, identity: tuple[str, ...]) -> Mark:
    """Hashes of what a report depends on."""
    picture = hashlib.sha256(_source("html", "picture.py") + png).hexdigest()
    whole = hashlib.sha256(_program())
    for part in (hashlib.sha256(result).digest(), picture.encode(), repr((prior, identity)).encode("utf-8", "replace")):
        whole.update(part)
    return Mark(whole.hexdigest(), picture)


@cache
def _program() -> bytes:
    """Version and text of what makes a report, so that a changed template renews all of them."""
    digest = hashlib.sha256(__version__.encode())
    package = resources.files("gluteal_grade.report")
    names = [package / "words.py", package / "readings.py", *_files(package / "html")]
    for file in names:
        digest.update(file.name.encode() + file.read_bytes())
    return digest.digest()


def _files(folder: Traversable) -> list[Traversable]:
    found: list[Traversable] = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            found += _files(entry)
        elif entry.name.endswith((".py", ".j2")):
            found.append(entry)
    return found


@cache
def _source(*names: str) -> bytes:
    return resources.files("gluteal_grade.report").joinpath(*names).read_bytes()


def _mark_in(path: Path) -> Mark | None:
    """The mark of a report that lies there; None without one."""
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            found = _MARK.search(stream.read(_HEAD))
    except OSError:
        return None
    return Mark(found.group(1), found.group(2)) if found else None


def _write(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}.partial")
    try:
        path.parent.mkdir(exist_ok=True)
        try:
            scratch.write_text(text, encoding="utf-8", newline="\n")
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as error:
        raise not_writable(error) from error
