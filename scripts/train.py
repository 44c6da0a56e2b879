"""Train one of the two networks on synthetic contrast.

python scripts/train.py hip --bodies build/bodies --minutes 90 --out build/training/hip
python scripts/train.py hip --resume build/training/hip/level.pt ...      go on
python scripts/train.py hip --export models/gluteal_hip ...               write the weights into a bundle when done
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gluteal_grade.segmentation.numbering import load_numbering
from gluteal_grade_lab.training.bodies import load_body
from gluteal_grade_lab.training.classes import CLASSES
from gluteal_grade_lab.training.labelled import LabelledSampler, Mixed
from gluteal_grade_lab.training.no_hip import NoHipSampler
from gluteal_grade_lab.training.pairs import find_pairs
from gluteal_grade_lab.training.patches import Sample, Sampler
from gluteal_grade_lab.training.pool import Pool
from gluteal_grade_lab.training.train import Budget, Plan, export, slim, train
from gluteal_grade_lab.training.validate import make_validation

ROOT = Path(__file__).resolve().parents[1]


def main(
    network: Annotated[str, typer.Argument(help="hip or locator")],
    bodies: Annotated[Path, typer.Option(help="Folder with train/ and validate/ (scripts/prepare_bodies.py).")] = Path("build/bodies"),
    out: Annotated[Path, typer.Option(help="Checkpoints and log.")] = Path("build/training"),
    steps: Annotated[int, typer.Option(help="Stop at this step.")] = 1_000_000,
    minutes: Annotated[float, typer.Option(help="Stop after so many minutes of this call.")] = 90,
    resume: Annotated[Path | None, typer.Option(help="Checkpoint to go on from.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Exported model.pt to begin with: fine-tuning.")] = None,
    leave_out: Annotated[list[str] | None, typer.Option(help="Bodies whose name holds this are not trained on but validated on.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the plan's seed.")] = None,
    workers: Annotated[int, typer.Option(help="Processes that make samples.")] = 1,
    plan: Annotated[Path | None, typer.Option(help="Instead of the bundle's configs/train.json.")] = None,
    labelled: Annotated[Path | None, typer.Option(help="BIDS-like folder of labelled images to mix in (docs/howto/training.md).")] = None,
    labelmap: Annotated[str, typer.Option(help="Numbering of those labels: a shipped name or a YAML file.")] = "gluteal_grade",
    share: Annotated[float, typer.Option(min=0, max=1, help="Share of samples from labelled images.")] = 0.3,
    no_hip: Annotated[float, typer.Option(min=0, max=1, help="Share of samples of what is no hip, beside the others.")] = 0.0,
    pool: Annotated[Path | None, typer.Option(help="Take samples that scripts/make_samples.py puts there.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Write level.pt here, slim, when done: to go on from.")] = None,
    export_to: Annotated[Path | None, typer.Option("--export", help="Bundle that gets the weights at the end.")] = None,
) -> None:
    """Train until the steps or the minutes are used."""
    if network not in CLASSES:
        raise typer.BadParameter("hip or locator", param_hint="NETWORK")
    settings = Plan.read(plan or ROOT / "models" / f"gluteal_{network}" / "configs" / "train.json")
    if seed is not None:
        settings = replace(settings, seed=seed)
    paths = [] if pool else sorted((bodies / "train").glob("*.npz"))
    left_out = [p for p in paths if any(part in p.stem for part in leave_out or [])]
    kept = tuple(load_body(p) for p in paths if p not in left_out)
    held = tuple(load_body(p) for p in left_out or sorted((bodies / "validate").glob("*.npz")))
    typer.echo(f"training on {', '.join(b.name for b in kept)}; validating on {', '.join(b.name for b in held) or 'nothing'}")
    check = (
        make_validation(Sampler(held, network, settings.patch, settings.spacing_mm, seed=10_000), 12, CLASSES[network]) if held else None
    )
    sampler: Callable[[int], Sample] = Sampler(kept, network, settings.patch, settings.spacing_mm, settings.seed, vary=settings.batch == 1)
    if pool is not None:
        sampler, workers = Pool(pool, settings.seed), 0
    if labelled is not None:
        numbering = load_numbering(labelmap)
        pairs = find_pairs(labelled, numbering)
        real = LabelledSampler(pairs, numbering, network, settings.patch, settings.spacing_mm, settings.seed)
        sampler = Mixed(sampler, real, share=share, seed=settings.seed)
        typer.echo(f"mixing in {len(pairs)} labelled images")
    if no_hip:
        nothing = NoHipSampler(network, settings.patch, settings.spacing_mm, settings.seed)
        sampler = Mixed(sampler, nothing, share=no_hip, seed=settings.seed + 1)
    state = train(settings, sampler, out, Budget(steps, minutes), resume, weights, check, workers)
    if keep is not None:
        typer.echo(f"wrote {slim(out / 'level.pt', keep)}")
    if export_to is not None:
        typer.echo(f"wrote {export(state, export_to, settings.class_offsets)}")


if __name__ == "__main__":
    typer.run(main)
