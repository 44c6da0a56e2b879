"""Every table of the model card, on data that was not trained on; resumes where it was stopped.

    python scripts/evaluate.py --jobs 2                             all tables, 50 draws each
    python scripts/evaluate.py --only synthetic --only ct           some
    python scripts/evaluate.py --bundles build/a/gluteal_locator build/a/gluteal_hip --hip seed2=build/b/gluteal_hip
    python scripts/evaluate.py --totalsegmentator-mr FOLDER --jobs 2   the public MRI set, for whoever has it
    python scripts/evaluate.py --only folds --fold vhf=build/folds/vhf/gluteal_hip

Writes OUT/tables.md, OUT/<table>.md, OUT/<table>.jsonl (every draw) and OUT/pictures/*.png.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gluteal_grade_lab.training.evaluate import tensor, trust
from gluteal_grade_lab.training.evaluate.models import model_of
from gluteal_grade_lab.training.evaluate.pictures import write_pictures
from gluteal_grade_lab.training.evaluate.plan import NAMES, tables, why_not
from gluteal_grade_lab.training.evaluate.public_mri import NAME as PUBLIC_MRI
from gluteal_grade_lab.training.evaluate.runner import finished, run
from gluteal_grade_lab.training.evaluate.workbench import SHIPPED, Setup, Workbench

ROOT = Path(__file__).resolve().parents[1]
PICTURES = "pictures"


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join((*NAMES, PICTURES))}; all without it.")] = None,
    bundles: Annotated[tuple[Path, Path], typer.Option(help="Locator and hip bundle.")] = (
        ROOT / "models" / "gluteal_locator",
        ROOT / "models" / "gluteal_hip",
    ),
    hip: Annotated[list[str] | None, typer.Option(metavar="NAME=PATH", help="A further hip bundle (another seed) for the CT.")] = None,
    fold: Annotated[list[str] | None, typer.Option(metavar="BODY=PATH", help="A hip bundle trained without this body.")] = None,
    draws: Annotated[int, typer.Option(min=1, help="Synthetic studies per cell.")] = 50,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    bodies: Annotated[Path, typer.Option(help="Prepared bodies.")] = ROOT / "build" / "bodies",
    data: Annotated[Path, typer.Option(help="Real images.")] = ROOT.parent / "shared" / "data",
    totalsegmentator_mr: Annotated[
        Path | None, typer.Option(help="Folder of TotalSegmentator's public MRI set: measured alone unless --only says more.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Tables, draws and pictures.")] = ROOT / "build" / "evaluation",
) -> None:
    """Measure and print."""
    wanted = only or ([PUBLIC_MRI] if totalsegmentator_mr else [*NAMES, PICTURES])
    if unknown := set(wanted) - {*NAMES, PICTURES}:
        raise typer.BadParameter(f"unknown: {', '.join(sorted(unknown))}", param_hint="--only")
    locator, shipped_hip = bundles
    hips, folds = _named(hip, "--hip"), _named(fold, "--fold")
    paths = {SHIPPED: shipped_hip, **hips, **{f"without {body}": path for body, path in folds.items()}}
    models = {name: model_of(locator, path, out / "bundles" / name.replace(" ", "_")) for name, path in paths.items()}
    setup = Setup(models, bodies, data)
    left_out = {body: f"without {body}" for body in folds}
    every = tables(data, tuple(hips), left_out, totalsegmentator_mr, [body for body in (*tensor.BODIES, *trust.BODIES) if setup.has(body)])
    for name, table in every.items():
        if name not in wanted:
            continue
        if lacking := why_not(name, setup, left_out, totalsegmentator_mr):
            typer.echo(f"{name} left out: {lacking}", err=True)
            continue
        outcome = run(table, draws, setup, out, jobs, tell=_progress)
        (out / f"{name}.md").write_text(outcome.markdown(), encoding="utf-8")
        typer.echo(outcome.markdown())
    if PICTURES in wanted:
        rows = [] if why_not("synthetic", setup, left_out) else finished(every["synthetic"], draws, setup, out).rows
        write_pictures(Workbench(setup), rows, out / PICTURES, _progress)
    parts = [path.read_text(encoding="utf-8") for name in NAMES if (path := out / f"{name}.md").is_file()]
    (out / "tables.md").write_text("\n".join(parts), encoding="utf-8")


def _named(given: list[str] | None, option: str) -> dict[str, Path]:
    pairs = [one.partition("=") for one in given or []]
    if any(not (name and path) for name, _, path in pairs):
        raise typer.BadParameter("wants NAME=PATH", param_hint=option)
    return {name: Path(path) for name, _, path in pairs}


def _progress(line: str) -> None:
    typer.echo(line, err=True)


if __name__ == "__main__":
    typer.run(main)
