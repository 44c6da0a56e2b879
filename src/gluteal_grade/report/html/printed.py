"""The report as a PDF of two pages, as a radiologist prints it: more only where many checks failed."""

from __future__ import annotations

from collections.abc import Iterator

from gluteal_grade.report.html._sheets import Column, Sheets
from gluteal_grade.report.html._summary import alerts, summary
from gluteal_grade.report.html.numbers import interval, millilitres, percent
from gluteal_grade.report.html.tables import listed
from gluteal_grade.report.readings import grade_text, norm_lines, probability_text, statement_lines
from gluteal_grade.report.words import muscle_name, notes, status_text
from gluteal_grade.result import MuscleResult, MuscleStatus, StudyResult, scales_of
from gluteal_grade.vocabulary import Part, Region, method_words

TITLE = "Fatty atrophy of the gluteal muscles"


def printed_report(result: StudyResult, picture: bytes = b"", identity: tuple[str, ...] = ()) -> bytes:
    """The report of one study as a PDF, A4. The same input gives the same bytes.

    Args:
        result: of the study.
        picture: its `overlay_summary.png`; empty: a report without pictures.
        identity: lines that name the patient; without them the report does not identify the patient.
    """
    made = f"gluteal-grade {result.provenance.version}"
    sheets = Sheets(f"{result.disclaimer} Study {result.study}, {made}")
    _head(sheets, result, identity, made)
    if result.refusal is not None:
        sheets.text(f"Reason: {result.refusal.reason.value}", bold=True)
        sheets.text(result.refusal.advice)
        return sheets.finished(TITLE, made)
    first = alerts(result)
    if first:
        _heading(sheets, "Look at this first")
        for alert in first:
            sheets.text(f"{alert.head}: {alert.text} {alert.advice}", 8.5, indent=3)
    _heading(sheets, "Grades")
    columns, rows = _table(result)
    sheets.table(columns, rows, 7.5)
    sheets.space(1.5)
    sheets.text(
        "Fat fraction: of the muscle itself where there is such a value, else the mean over its outline, with the 95 % interval. "
        'Behind a grade its probability. "2 or 1": the other grade is probable too.',
        7,
        faint=True,
    )
    for title, lines in (("Norms", norm_lines(result)), ("Reading", statement_lines(result))):
        if lines:
            _heading(sheets, title)
            for line in lines:
                sheets.text(line, 8.5, indent=3)
    sheets.new_page()
    if picture:
        _heading(sheets, "Pictures")
        sheets.text("Check that the contours follow the muscles before you use a number.", 8)
        sheets.space(1)
        sheets.picture(picture)
        sheets.space(2)
    _heading(sheets, "How fat was measured, and notes")
    for line in _measured(result):
        sheets.text(line, 8, indent=3)
    return sheets.finished(TITLE, made)


def _head(sheets: Sheets, result: StudyResult, identity: tuple[str, ...], made: str) -> None:
    sheets.text(TITLE, 16, bold=True)
    sheets.text(result.disclaimer, 9, bold=True)
    sheets.text(f"Study {result.study}, {result.status.replace('_', ' ')}; {made}", 8, faint=True)
    for line in identity:
        sheets.text(line, 9)
    sheets.space(2)
    for sentence in summary(result):
        sheets.text(sentence, 10)


def _heading(sheets: Sheets, words: str) -> None:
    sheets.space(3)
    sheets.text(words, 11, bold=True)
    sheets.space(0.5)


def _table(result: StudyResult) -> tuple[list[Column], list[tuple[list[str], bool]]]:
    """Muscles and regions, right before left: fat, grades, volumes, status."""
    scales = scales_of(result)
    grades = 60.0 / max(1, len(scales))
    columns = [Column("Muscle", 32), Column("Side", 10), Column("Fat, %", 12, True), Column("95 %", 18, True)]
    columns += [Column(scale.title, grades, True) for scale in scales]
    columns += [Column("ml", 11, True), Column("Lean ml", 15, True), Column("  Status", 22)]
    rows: list[tuple[list[str], bool]] = []
    for part, m in listed(result).items():
        if part.region is not Region.WHOLE and m.status is MuscleStatus.MISSING:
            continue
        name = muscle_name(part.muscle) if part.region is Region.WHOLE else f"    {part.region}"
        fat = m.fat_shown
        cells = [name, part.side.value, percent(fat.value), interval(100 * fat.low, 100 * fat.high)]
        cells += [_grade(m, scale.key) for scale in scales]
        cells += [millilitres(m.volume_ml), millilitres(m.lean_shown_ml), f"  {_status(m)}"]
        rows.append((cells, part.region is Region.WHOLE))
    return columns, rows


def _grade(m: MuscleResult, scale: str) -> str:
    sure = probability_text(m.probability(scale))
    return f"{grade_text(m.graded(scale))} ({sure})" if sure else grade_text(m.graded(scale))


def _status(m: MuscleResult) -> str:
    return m.status.replace("_", " ") if m.status is not MuscleStatus.GRADED else ""


def _measured(result: StudyResult) -> Iterator[str]:
    if result.fat is not None:
        yield f"{method_words(result.fat.method)}: {result.fat.why}"
    if result.segmentation is not None:
        how = "by a neural network: look at them" if result.segmentation.automatic else "given to the program"
        yield f"Outlines {how} ({result.segmentation.source})."
    for part, m in listed(result).items():
        if part.region is Region.WHOLE and m.status is not MuscleStatus.GRADED:
            yield f"{Part(part.muscle, part.region, part.side)}: {status_text(m)}"
    yield from notes(result)
