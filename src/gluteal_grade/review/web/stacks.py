"""The studies that are kept in memory, so that scrolling and the next study do not wait for the disk."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.report import Place
from gluteal_grade.result import StudyResult
from gluteal_grade.review.slices import Files, Stack, load_stack
from gluteal_grade.vocabulary import StudyFile

MOST_BYTES = 600 << 20
MOST_STUDIES = 6

Loader = Callable[[], Stack]


class Stacks:
    """A few stacks, the least recently used goes first; one is read once, however many ask for it at once.

    Args:
        most_bytes: of all stacks together; the newest stays even if it is larger.
        most_studies: at once.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, most_studies: int = MOST_STUDIES) -> None:
        self._most_bytes, self._most_studies = most_bytes, most_studies
        self._kept: OrderedDict[str, Stack] = OrderedDict()
        self._reading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="ahead")

    def get(self, key: str, load: Loader) -> Stack:
        """The stack of this key.

        Raises:
            GradeError: what `load` raises; it is tried again at the next call.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            reading = self._reading.setdefault(key, threading.Lock())
        with reading:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            try:
                stack = load()
                with self._lock:
                    self._keep(key, stack)
            finally:
                with self._lock:
                    self._reading.pop(key, None)
        return stack

    def prefetch(self, key: str, load: Loader) -> None:
        """Read it in the background; what goes wrong is told when it is asked for."""

        def quietly() -> None:
            with suppress(GradeError, MemoryError):
                self.get(key, load)

        with suppress(RuntimeError):  # closed meanwhile
            self._ahead.submit(quietly)

    def close(self) -> None:
        """Stop reading ahead."""
        self._ahead.shutdown(wait=False, cancel_futures=True)

    def _keep(self, key: str, stack: Stack) -> None:
        self._kept[key] = stack
        while len(self._kept) > 1 and (
            len(self._kept) > self._most_studies or sum(s.nbytes for s in self._kept.values()) > self._most_bytes
        ):
            self._kept.popitem(last=False)


def study_stack(out: Path, place: Place, result: StudyResult) -> Stack:
    """Read the volumes of a study.

    Raises:
        RefusedInput: `images_not_found`: nothing to scroll through; `grid_mismatch` and what `read_volume` refuses.
        TransientFailure: `read_failed`.
    """
    image, labels = (inside(out, place, name) for name in (StudyFile.IMAGE, StudyFile.LABELS))
    if image is None or labels is None or result.slice_axis is None:
        raise RefusedInput(Reason.IMAGES_NOT_FOUND, "the study's folder has no image.nii.gz: an older version wrote it")
    kind = next((s.kind for s in result.series if s.id == result.reference_series), "")
    files = Files(image, labels, *(inside(out, place, file) for file in (StudyFile.FAT_FRACTION, StudyFile.EXCLUDED)))
    return load_stack(files, result.slice_axis, is_ct=kind == "ct")


def inside(out: Path, place: Place, name: str) -> Path | None:
    """A file of the study, if it is there and lies, links followed, in the output folder."""
    try:
        found, root = place.find(out, name).resolve(strict=True), out.resolve(strict=True)
    except (OSError, KeyError, ValueError):
        return None
    return found if found.is_file() and found.is_relative_to(root) else None
