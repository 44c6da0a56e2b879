"""How much of this machine a batch may use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gluteal_grade.system import cores
from gluteal_grade.system import memory_mb as machine_memory_mb

_STUDY_MB = 2500  # a large study with its pictures, see docs/explanation/scaling.md


@dataclass(frozen=True)
class Share:
    """What one worker process may use."""

    jobs: int
    threads: int
    memory_mb: float | None


def share(jobs: int | None, memory_mb: float | None = None) -> Share:
    """Cores and memory for each worker.

    Args:
        jobs: processes; None: one a core, fewer if memory is short.
        memory_mb: bound of each; None: an equal part of four fifths of what the machine (or its control group) has.
    """
    mine, total = cores(), total_memory_mb()
    if jobs is None:
        jobs = max(1, min(mine, int(total // _STUDY_MB) if total else mine))
    if memory_mb is None and total:
        memory_mb = max(_STUDY_MB / 2, 0.8 * total / jobs)
    return Share(jobs, max(1, mine // jobs), memory_mb)


def total_memory_mb() -> float | None:
    """Of the machine, or of the control group this process is in; None where it cannot be told."""
    machine = machine_memory_mb()
    if machine is None:
        return None
    found = [machine]
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            found.append(int(Path(limit).read_text()) / 2**20)
        except (OSError, ValueError):
            continue
    return min(found)
