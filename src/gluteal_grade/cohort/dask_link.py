"""The connection to a Dask scheduler: open it, hear what it tells, ask it who works there and in which version."""

from __future__ import annotations

import asyncio
import logging
import queue
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from gluteal_grade.errors import Reason, TransientFailure

_ANSWER_S = 30.0  # a scheduler that does not answer for so long is gone

# Evaluated on a worker: words, since a function of ours cannot be unpickled where this program is not installed. Dask's own list of
# versions takes them from the installation's metadata, which a checkout leaves behind.
_VERSION = (
    "__import__('gluteal_grade').__version__ if __import__('importlib.util', fromlist=['util']).find_spec('gluteal_grade') else 'none'"
)


@dataclass(frozen=True)
class TaskBegan:
    """A worker began a task."""

    number: str
    address: str


@dataclass(frozen=True)
class TaskEnded:
    """A task has an answer or an error, or was cancelled."""

    number: str


@dataclass(frozen=True)
class WorkerGone:
    """The scheduler lost a worker.

    Attributes:
        held: numbers of the tasks that it had been given.
        expected: it left in good order: its lifetime was over, or it was retired.
    """

    address: str
    held: frozenset[str]
    expected: bool


@dataclass(frozen=True)
class MemoryLimit:
    """A nanny is about to end its worker, which needed too much memory."""

    address: str


@dataclass(frozen=True)
class WorkerCame:
    """A new worker."""

    address: str


Heard = TaskBegan | TaskEnded | WorkerGone | MemoryLimit | WorkerCame


def lost_connection(detail: str) -> TransientFailure:
    """The failure that ends a batch, to be resumed."""
    return TransientFailure(Reason.EXECUTOR_FAILED, detail)


def require_dask(package: str = "distributed") -> None:
    """Check that the optional libraries are there.

    Raises:
        ValueError: they are not installed.
    """
    from importlib.util import find_spec

    if find_spec(package) is None:
        raise ValueError('Dask is not installed here: pip install "gluteal-grade[cluster]"')


class DaskLink:
    """A client that listens.

    Args:
        client_or_address: a `distributed.Client`, which stays open on `close`, or ``"tcp://host:port"``.
        connect_seconds: how long to wait for the scheduler to answer.

    Attributes:
        heard: what the scheduler told, oldest first.

    Raises:
        ValueError: Dask is not installed, or the address is none.
        TransientFailure: `executor_failed`: the scheduler does not answer.
    """

    def __init__(self, client_or_address: Any, connect_seconds: float) -> None:
        require_dask()
        self.heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
        self.topic = f"gluteal-grade-{uuid4().hex}"
        self._owned = isinstance(client_or_address, str)
        self.client = _connected(client_or_address, connect_seconds) if self._owned else client_or_address
        self._topics = {self.topic: self._on_start, "all": self._on_any, "worker-restart-memory": self._on_memory}
        for topic, handler in self._topics.items():
            self.client.subscribe_topic(topic, handler)

    def _on_start(self, event: tuple[float, dict[str, Any]]) -> None:
        self.heard.put(TaskBegan(event[1]["number"], event[1]["address"]))

    def _on_any(self, event: tuple[float, Any]) -> None:
        told = event[1]
        if not isinstance(told, dict):
            return
        if told.get("action") == "remove-worker":
            held = frozenset(map(str, [*told.get("processing-tasks", ()), *told.get("lost-computed-tasks", ())]))
            self.heard.put(WorkerGone(told["worker"], held, bool(told.get("expected"))))
        elif told.get("action") == "add-worker":
            self.heard.put(WorkerCame(told["worker"]))

    def _on_memory(self, event: tuple[float, dict[str, Any]]) -> None:
        self.heard.put(MemoryLimit(event[1]["worker"]))

    @property
    def alive(self) -> bool:
        """Whether the client is still connected."""
        return bool(self.client.status == "running")

    def workers(self) -> dict[str, dict[str, Any]]:
        """Address -> what the scheduler knows of each worker now.

        Raises:
            TransientFailure: `executor_failed`: the scheduler is gone.
        """
        told: dict[str, dict[str, Any]] = self._ask(self.client.scheduler.identity)["workers"]
        return told

    def versions(self, addresses: Collection[str]) -> dict[str, str]:
        """Address -> version of this program there, ``"none"`` where it is not installed; who does not answer is left out.

        Raises:
            TransientFailure: `executor_failed`: the scheduler is gone.
        """
        answers = self._ask(self.client._run, eval, _VERSION, workers=list(addresses), on_error="return")
        return {address: told for address, told in answers.items() if isinstance(told, str)}

    def _ask(self, question: Any, *arguments: Any, **named: Any) -> Any:
        if not self.alive:
            raise lost_connection("the connection to the Dask scheduler is lost")
        try:
            return self.client.sync(question, *arguments, callback_timeout=_ANSWER_S, **named)
        except (OSError, TimeoutError, RuntimeError) as error:
            raise lost_connection(f"the Dask scheduler does not answer ({type(error).__name__})") from None

    def cancel(self, futures: list[Any]) -> None:
        """Take tasks back; a scheduler that is gone has none."""
        if not futures or not self.alive:
            return
        try:
            self.client.cancel(futures, asynchronous=False)
        except Exception as error:
            logging.getLogger(__name__).warning("tasks could not be taken back from the Dask scheduler (%s)", type(error).__name__)

    def close(self) -> None:
        """Stop listening, and close a client of our own. The scheduler goes on."""
        if self.alive:
            for topic in self._topics:
                self.client.unsubscribe_topic(topic)
        if self._owned:
            self.client.close(timeout=5)


def _connected(address: str, seconds: float) -> Any:
    from distributed import Client

    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it would print we raise
    try:
        asyncio.run(asyncio.wait_for(_answers(address), seconds))  # a Client would wait for ever if nothing answers
        return Client(address, timeout=seconds, set_as_default=False)
    except (ValueError, TypeError) as error:
        raise ValueError(f"no address of a Dask scheduler: {address!r} (expected tcp://host:port): {error}") from None
    except (OSError, TimeoutError):
        raise lost_connection(f"no Dask scheduler answers at {address} within {seconds:.0f} s") from None


async def _answers(address: str) -> None:
    from distributed import Security
    from distributed.core import rpc

    async with rpc(address, connection_args=Security().get_connection_args("client")) as scheduler:
        await scheduler.identity()
