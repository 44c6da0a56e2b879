"""One study graded in a process of its own, which may hang, die or eat memory."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection

from gluteal_grade.config import load_settings
from gluteal_grade.errors import GradeError, place_of
from gluteal_grade.workflow import Job, grade, read_study
from gluteal_grade_lab.fuzz.judge import Told, told_of
from gluteal_grade_lab.fuzz.seeds import Case


def graded(case: Case) -> Told:
    """Grade a study by its label map; nothing is raised."""
    try:
        study = read_study(case.images, leave_out=(case.labels,))
        return told_of(grade(Job(study, load_settings(), labels=case.labels, labelmap="gluteal_grade")).result)
    except GradeError as error:
        return Told(refusal=error.reason)
    except MemoryError:
        return Told(error="MemoryError")
    except Exception as error:  # what a user would see as a traceback
        return Told(error=f"{type(error).__name__} in {place_of(error)}")


def apart(what: Callable[[], Told], limit_s: float) -> tuple[Told, float]:
    """Do it in a child of this process; what it told, and how long it took in seconds."""
    context = multiprocessing.get_context("fork")  # what is imported is shared
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_tell, args=(what, theirs), daemon=True)
    start = time.perf_counter()
    child.start()
    theirs.close()
    try:
        told = ours.recv() if ours.poll(limit_s) else Told(error="hang")
    except EOFError:
        child.join()
        told = Told(error=f"died with exit code {child.exitcode}")
    finally:
        child.kill()
        child.join()
        ours.close()
    return told, time.perf_counter() - start


def _tell(what: Callable[[], Told], pipe: Connection) -> None:
    told = what()
    pipe.send(replace(told, peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
