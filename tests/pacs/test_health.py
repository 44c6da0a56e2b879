"""The health page, the counters and the log."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.pacs.config import PacsSettings
from gluteal_grade.pacs.health import HealthServer, Metrics, Status
from gluteal_grade.pacs.log import StepLog
from gluteal_grade.pacs.receiving import status_of
from tests.pacs.receiving import Running


def get(port: int, path: str) -> requests.Response:
    return requests.get(f"http://127.0.0.1:{port}{path}", timeout=30)


def test_well_or_not_is_the_status_code() -> None:
    now: Status = {"ok": True, "backlog": 3}
    server = HealthServer(0, lambda: now, Metrics())
    try:
        assert (get(server.port, "/healthz").status_code, get(server.port, "/healthz").json()) == (200, {"ok": True, "backlog": 3})
        now["ok"] = False
        assert get(server.port, "/healthz").status_code == 503
        assert get(server.port, "/etc/passwd").status_code == 404
    finally:
        server.close()


def test_a_status_that_cannot_be_had_is_503() -> None:
    def broken() -> Status:
        raise OSError("secret path")

    server = HealthServer(0, broken, Metrics())
    try:
        answer = get(server.port, "/healthz")
        assert (answer.status_code, answer.json()) == (503, {"ok": False, "error": "OSError"})
    finally:
        server.close()


def test_counters_are_prometheus_text() -> None:
    metrics = Metrics()
    metrics.images.inc(5)
    metrics.refusals.labels("disk_low").inc()
    metrics.backlog.set(2)
    server = HealthServer(0, lambda: {"ok": True}, metrics)
    try:
        families = text_string_to_metric_families(get(server.port, "/metrics").text)
        found = {(one.name, tuple(one.labels.values())): one.value for family in families for one in family.samples}
    finally:
        server.close()
    assert found["gluteal_grade_images_total", ()] == 5
    assert found["gluteal_grade_refusals_total", ("disk_low",)] == 1
    assert found["gluteal_grade_backlog", ()] == 2


def test_a_port_in_use_is_told() -> None:
    server = HealthServer(0, lambda: {"ok": True}, Metrics())
    try:
        with pytest.raises(TransientFailure) as caught:
            HealthServer(server.port, lambda: {"ok": True}, Metrics())
        assert caught.value.reason is Reason.PORT_IN_USE
    finally:
        server.close()


def test_a_low_disk_is_not_well(tmp_path: Path) -> None:
    for least, ok, disk in ((0.0, True, "ok"), (1e9, False, "disk_low")):
        with Running(tmp_path / "inbox", receive={"min_free_gb": least}) as running:
            settings = PacsSettings(receive=running.receive, out=tmp_path)
            found = status_of(running.receiver, settings)
            assert (found["ok"], found["listening"], found["disk"], found["backlog"]) == (ok, True, disk, 0)
            assert found["last_arrival_s"] is None


def test_lines_for_machines_and_for_eyes(tmp_path: Path) -> None:
    stream = StringIO()
    StepLog(stream)("ready", study="0a1b", images=3, reason=None)
    found = json.loads(stream.getvalue())
    assert {key: found[key] for key in found if key != "time"} == {"step": "ready", "study": "0a1b", "images": 3}
    assert found["time"].endswith("Z")
    words = StringIO()
    StepLog(words, json_lines=False)("ready", study="0a1b", images=3)
    assert words.getvalue().split(" ", 1)[1] == "ready study=0a1b images=3\n"
    log = StepLog(tmp_path / "log")
    log("one")
    (tmp_path / "log").rename(tmp_path / "log.1")  # rotated
    log("two")
    assert json.loads((tmp_path / "log").read_text())["step"] == "two"


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    StepLog(tmp_path / "none" / "log")("one")
    stream = StringIO()
    stream.close()
    StepLog(stream)("one")
