"""Counters (Prometheus) and a health page for machines that watch; loopback only unless said otherwise."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest

from gluteal_grade.errors import Reason, TransientFailure

Status = dict[str, str | int | float | bool | None]


class Metrics:
    """Counters with a registry of their own, so that several may live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        name = "gluteal_grade_"
        self.images = Counter(f"{name}images", "Images stored", registry=self.registry)
        self.repeated = Counter(f"{name}images_repeated", "Images that were there already", ["kind"], registry=self.registry)
        self.bytes = Counter(f"{name}bytes", "Bytes of images stored", registry=self.registry)
        self.studies = Counter(f"{name}studies", "Studies worked on", ["end"], registry=self.registry)
        self.refusals = Counter(f"{name}refusals", "Images, associations and connections refused", ["reason"], registry=self.registry)
        self.associations = Counter(f"{name}associations", "Associations accepted", registry=self.registry)
        self.open = Gauge(f"{name}open_associations", "Associations open now", registry=self.registry)
        self.backlog = Gauge(f"{name}backlog", "Studies that wait", registry=self.registry)


class HealthServer:
    """`/healthz`: 200 or 503 with the status as JSON; `/metrics`: Prometheus text.

    Args:
        port: 0 takes a free one, see `port`.
        status: asked on every call; key `ok` decides between 200 and 503. If it raises, the answer is 503.
        metrics: what `/metrics` shows.
        host: bind address.

    Raises:
        TransientFailure: the port is in use.
    """

    def __init__(self, port: int, status: Callable[[], Status], metrics: Metrics, host: str = "127.0.0.1") -> None:
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(status, metrics))
        except OSError:
            raise TransientFailure(Reason.PORT_IN_USE, f"health port {port}") from None
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="health", daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


def _handler(status: Callable[[], Status], metrics: Metrics) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:  # the library's name
            """Answer a request for the health page or the metrics."""
            if self.path == "/healthz":
                try:
                    found = status()
                except Exception as error:  # whatever it is, we are not well
                    found = {"ok": False, "error": type(error).__name__}
                self._answer(200 if found.get("ok") else 503, "application/json", json.dumps(found).encode())
            elif self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(metrics.registry))
            else:
                self._answer(404, "text/plain", b"/healthz or /metrics\n")

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing: requests for the health page are not logged."""

        def _answer(self, code: int, kind: str, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Page
