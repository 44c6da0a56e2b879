"""`report.html`: written when what it is made of has changed, under another name first."""

from __future__ import annotations

import hashlib
import re
import uuid
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from gluteal_grade import __version__
from gluteal_grade.errors import not_writable
from gluteal_grade.report.html.picture import read_picture
from gluteal_grade.report.html.prior import Prior
from gluteal_grade.results import StudyResult

_HEAD = 200  # characters in which the mark stands
_MARK = re.compile(r"<!-- made of ([0-9a-f]{64}) -->")


def write_report(result: StudyResult, picture: Path | None, path: Path, prior: Prior | None = None, identity: tuple[str, ...] = ()) -> Path:
    """Write the report of one study. The same input gives the same bytes.

    Args:
        result: of the study.
        picture: its `overlay_summary.png`; None, or a file that is not there: a report without a picture.
        path: of the report; its folder is made if only that is missing.
        prior: an earlier study of the same patient.
        identity: lines that name the patient; without them the report names nobody. Any text: it is escaped.

    Raises:
        TransientFailure: `output_not_writable`; `read_failed`: the picture is damaged.
    """
    png = read_picture(picture)
    _write(path, report_text(result, png, prior, identity, made_of(result.to_json().encode(), png, prior, identity)))
    return path


def renewed(path: Path, result: bytes, picture: Path | None, prior: Prior | None = None) -> bool:
    """Write the report of a stored result where it differs from the one that lies there; nothing is drawn if its input is the same.

    Args:
        path: of the report.
        result: bytes of `result.json`.
        picture, prior: as in `write_report`.

    Returns:
        whether the file was written.

    Raises:
        ValueError: the bytes are no result of this schema.
        TransientFailure: `output_not_writable`, `read_failed`.
    """
    png = read_picture(picture)
    mark = made_of(result, png, prior, ())
    if mark == _mark_of(path):
        return False
    text = report_text(StudyResult.model_validate_json(result), png, prior, (), mark)
    if path.is_file() and path.read_bytes() == text.encode():
        return False
    _write(path, text)
    return True


def report_text(result: StudyResult, png: bytes, prior: Prior | None, identity: tuple[str, ...], mark: str) -> str:
    """The page, with the mark of what it is made of in its head."""
    from gluteal_grade.report.html.page import page

    return page(result, png, prior, identity, mark)


def made_of(result: bytes, png: bytes, prior: Prior | None, identity: tuple[str, ...]) -> str:
    """A hash of all that a report depends on: the result, its picture, the prior, this program."""
    digest = hashlib.sha256()
    for part in (
        _program(),
        hashlib.sha256(result).digest(),
        hashlib.sha256(png).digest(),
        repr((prior, identity)).encode("utf-8", "replace"),
    ):
        digest.update(part)
    return digest.hexdigest()


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


def _mark_of(path: Path) -> str:
    """The mark of a report that lies there; empty without one."""
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            found = _MARK.search(stream.read(_HEAD))
    except OSError:
        return ""
    return found.group(1) if found else ""


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
