"""`gluteal-grade bids`: the command line of BIDS Apps (Gorgolewski 2017, 10.1371/journal.pcbi.1005209) on the doors of batch and cohort."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gluteal_grade.cli.batch import executor_of, observer_of, run_to_its_end
from gluteal_grade.cli.exit_codes import GRADED, tell
from gluteal_grade.cli.options import (
    Config,
    Device,
    Labelmap,
    LabelsByName,
    MemoryGb,
    Pictures,
    Quiet,
    check_numbering,
    layout_of,
    settings_of,
)
from gluteal_grade.errors import GradeError

if TYPE_CHECKING:
    from gluteal_grade.cohort import Done


class Level(StrEnum):
    """Each participant, or the tables of all."""

    PARTICIPANT = "participant"
    GROUP = "group"


def bids(
    dataset: Annotated[Path, typer.Argument(metavar="BIDS_DIR", readable=False, help="BIDS dataset.")],
    out: Annotated[Path, typer.Argument(metavar="OUTPUT_DIR", readable=False, help="BIDS derivatives go here.")],
    level: Annotated[Level, typer.Argument(help="participant: grade; group: tables and pages of what is graded.")],
    participants: Annotated[
        list[str] | None,
        typer.Option("--participant-label", "--participant_label", metavar="LABEL", help="Only these, with or without sub-; repeatable."),
    ] = None,
    sessions: Annotated[
        list[str] | None, typer.Option("--session-label", "--session_label", metavar="LABEL", help="Only these sessions, likewise.")
    ] = None,
    labels: LabelsByName = None,
    labelmap: Labelmap = None,
    config: Config = None,
    device: Device = None,
    jobs: Annotated[int | None, typer.Option("--n-cpus", "--n_cpus", min=1, metavar="N", help="Processes; else one a core.")] = None,
    memory_gb: MemoryGb = None,
    pictures: Pictures = True,
    quiet: Quiet = False,
) -> int:
    """Grade a BIDS dataset as a BIDS App does: `participant` for some or all, then `group` for tables and pages.

    Exit codes: 0 all graded in full (group: written), 3 mixed, 2 none gradable or no BIDS dataset, 1 stopped, 64 wrong usage.
    """
    if level is Level.GROUP:
        return _group(out, pictures, quiet)
    settings = settings_of(config, device)
    check_numbering(labelmap, used=labels is not None)
    threads, executor = executor_of(jobs, memory_gb, None, None, None, out, networks=settings.segmentation if labels is None else None)

    from gluteal_grade.cohort import Request, check_dataset, chosen_of_bids, exit_code, run_batch

    request = Request((str(dataset),), out, settings, labels, labelmap, None, layout_of("bids"), threads, pictures=False, tables=False)
    observer = observer_of(quiet, False, False)

    def chosen() -> Done:
        check_dataset(dataset)
        return run_batch(request, executor, observer, chosen_of_bids(request.entries(), participants or (), sessions or ()))

    done = run_to_its_end(chosen, observer)
    return done if isinstance(done, int) else exit_code(done.states)


def _group(out: Path, pictures: bool, quiet: bool) -> int:
    from gluteal_grade.cohort import summarise_unlocked

    try:
        told = summarise_unlocked(out, pictures=pictures)
    except GradeError as error:
        return tell(error)
    if not quiet:
        typer.echo(f"{len(told.studies)} studies, {len(told.refusals)} not graded; {out / 'cohort.csv'}, {out / 'index.html'}")
    return GRADED
