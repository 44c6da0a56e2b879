"""What runs on a Dask worker: one task, its start told to the client, nothing escaping into Dask's logs."""

from __future__ import annotations

import pickle
import threading
from typing import Any

# A study fills a process: a worker that was given more threads still does one at a time.
_ONE_AT_A_TIME = threading.Lock()


def run_task(packed: bytes, topic: str, number: str) -> tuple[str, Any]:
    """Unpack and do one task.

    Dask logs the arguments and the text of an exception that reaches it, and both may hold a patient's path: none reaches it.

    Args:
        packed: the pickled pair of function and task.
        topic: where the client listens.
        number: the client's number of this task.

    Returns:
        ``("answer", what the function returned)``, or ``("escaped", name of the exception's type)``.
    """
    from distributed import get_worker

    with _ONE_AT_A_TIME:
        worker = get_worker()
        worker.log_event(topic, {"number": number, "address": worker.address})
        try:
            work, task = pickle.loads(packed)
            return "answer", work(task)
        except BaseException as error:  # also SystemExit: it would end nothing but this thread
            return "escaped", type(error).__name__
