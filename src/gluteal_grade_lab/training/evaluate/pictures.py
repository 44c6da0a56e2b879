"""What the segmenter does, to look at: each contrast, the real images, and the worst draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

from gluteal_grade.errors import GradeError
from gluteal_grade.geometry import Volume
from gluteal_grade.io import discover
from gluteal_grade.io.nifti import read_volume
from gluteal_grade.vocabulary import SeriesKind
from gluteal_grade_lab.training.evaluate import ct
from gluteal_grade_lab.training.evaluate.cases import MODES, VALIDATION_BODIES, Case
from gluteal_grade_lab.training.evaluate.ledger import Row
from gluteal_grade_lab.training.evaluate.sheet import Strip, chosen_slices, write_sheet
from gluteal_grade_lab.training.evaluate.tables import scored
from gluteal_grade_lab.training.evaluate.workbench import Found, Workbench

_FIRST_SEED = 970_000
_EVERY_SLICE = 48


def write_pictures(
    bench: Workbench, rows: list[Row], out: Path, tell: Callable[[str], None] = lambda _: None, worst: int = 6
) -> list[Path]:
    """Write every sheet whose data are there.

    Args:
        bench: segmenter and data.
        rows: of the synthetic table, to find the worst draws in; may be empty.
        out: folder; not inside the repository unless git ignores it, as some images may not be passed on.
        tell: gets a line per file.
        worst: how many of the worst draws.
    """
    written = []
    for name, strips in _sheets(bench, rows, worst):
        written.append(write_sheet(strips, out / f"{name}.png"))
        tell(f"pictures {written[-1].name}")
    return written


def _sheets(bench: Workbench, rows: list[Row], worst: int) -> Iterator[tuple[str, list[Strip]]]:
    bodies = [body for body in VALIDATION_BODIES if bench.setup.has(body)]
    for n, mode in enumerate((*MODES, "ct") if bodies else ()):
        yield f"synthetic_{mode}", [s for b in bodies for s in _pair(bench, Case(b, mode, _FIRST_SEED + n))]
    if cases := worst_cases(rows, worst):
        yield "worst", [s for case in cases for s in _pair(bench, case)]
    if (bench.setup.data / "ct").is_dir():
        image, truth = ct.image(bench.setup), ct.truth(bench.setup)
        found = bench.find(image, True)
        automatic = Strip(_title("pelvic CT, automatic", found), image, found.labels, 12, ct=True)
        yield "real_ct", [Strip("pelvic CT, its labels (right side only)", image, truth, 12, True, chosen_slices(automatic)), automatic]
    for path in sorted((bench.setup.data / "mri").glob("*.nii.gz")):
        yield f"real_{path.name.removesuffix('.nii.gz')}", [_automatic(bench, path.name, read_volume(path, as_float=True))]
    yield from _examination(bench, bench.setup.data / "dicom_pelvis")


def _examination(bench: Workbench, folder: Path) -> Iterator[tuple[str, list[Strip]]]:
    """Every loadable series of a real pelvic examination, the localizer's stacks first of all."""
    if not folder.is_dir():
        return
    for study in discover(folder).studies:
        for series in study.series:
            try:
                image = series.load()
            except GradeError:
                continue
            yield f"real_pelvis_{series.id}", [_automatic(bench, f"{series.id} {series.kind}", image, series.kind is SeriesKind.CT)]


def worst_cases(rows: list[Row], count: int) -> list[Case]:
    """The draws with the lowest Dice of any muscle, one per contrast and muscle at most."""
    good = sorted((row for row in scored(rows) if row["dice"] is not None), key=lambda row: row["dice"])
    seen: dict[tuple[str, str], Case] = {}
    names = [f.name for f in fields(Case)]
    for row in good:
        case = Case(**{name: row[name] for name in names})
        if case not in seen.values():
            seen.setdefault((row["mode"], row["muscle"]), case)
    return list(seen.values())[:count]


def _pair(bench: Workbench, case: Case) -> list[Strip]:
    """Truth above, automatic below, the same slices."""
    study = case.draw(bench)
    is_ct = case.mode == "ct"
    found = bench.find(study.image, is_ct, case.model)
    truth = Strip(f"{case.key}: truth", study.image, study.labels, ct=is_ct)
    return [truth, Strip(_title("automatic", found), study.image, found.labels, ct=is_ct, at=chosen_slices(truth))]


def _automatic(bench: Workbench, title: str, image: Volume, is_ct: bool = False) -> Strip:
    found = bench.find(image, is_ct)
    return Strip(_title(title, found), image, found.labels, _EVERY_SLICE, is_ct)


def _title(name: str, found: Found) -> str:
    return name if found.reason is None else f"{name}: refused, {found.reason}"
