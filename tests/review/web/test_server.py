"""The server as a process: its port, its log, its end, and those who hold it up."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import threading
import time
import urllib.request
from pathlib import Path

import pytest
import uvicorn

from gluteal_grade.cli import run
from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.review.web import server as serving
from gluteal_grade.review.web.start import Told, hosts, seats
from tests.review.web.graded import DOUBTFUL, reading_room_of, server, sound_studies

MB = 1 << 20


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_as_told_and_its_log_holds_nothing(out: Path, number: signal.Signals) -> None:
    with server(out, "--token", "x" * 20, "--max-upload-mb", 1) as one:
        assert one.link == f"{one.address}/enter?token={'x' * 20}"
        with urllib.request.urlopen(f"{one.address}/static/base.css") as answer:
            assert answer.status == 200
        connection = http.client.HTTPConnection(one.address.removeprefix("http://"), timeout=120)
        connection.request("GET", f"/enter?token={'x' * 20}")
        answer = connection.getresponse()
        answer.read()
        cookie = answer.headers["Set-Cookie"].split(";")[0]
        connection.request("GET", f"/studies/{DOUBTFUL}", headers={"Cookie": cookie})
        answer = connection.getresponse()
        csrf = re.search(r'data-csrf="([0-9a-f]+)"', answer.read().decode())[1]
        if number == signal.SIGTERM:
            refused_while_it_streams(connection, cookie, csrf, out)
        code, told = one.end(number)
    assert (code, told) == (0, "stopped\n")


def refused_while_it_streams(connection: http.client.HTTPConnection, cookie: str, csrf: str, out: Path) -> None:
    """A body without an announced length is stopped soon after the limit, and leaves nothing."""
    connection.putrequest("POST", f"/studies/{sound_studies(out)[0]}/labels")
    for name, value in {
        "Cookie": cookie,
        "X-Review-Token": csrf,
        "Content-Type": "application/octet-stream",
        "Accept": "application/json",
        "Transfer-Encoding": "chunked",
    }.items():
        connection.putheader(name, value)
    connection.endheaders()
    sent = 0
    try:
        while sent < 200 * MB:
            connection.send(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            sent += 0x10000
    except OSError:
        pass  # the server has hung up
    assert sent < 100 * MB
    assert [p for p in (out / "review").iterdir() if "upload" in p.name and p.is_file()] == []


def test_a_port_that_is_taken_is_told_and_the_usual_one_gives_way(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(TransientFailure) as told:
            serving.listen("127.0.0.1", port)
        assert told.value.reason is Reason.PORT_IN_USE
        assert run(["review", str(out), "--reader", "anna", "--port", str(port)]) == 1
        assert "port_in_use" in capsys.readouterr().err
    with serving.listen("127.0.0.1", None) as first, serving.listen("127.0.0.1", None) as second:
        assert first.getsockname()[1] != second.getsockname()[1]


def test_connections_that_bring_no_request_are_closed(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEADERS_S", 0.4)
    with reading_room_of(out) as room, serving.listen("127.0.0.1", 0) as sock:
        one = uvicorn.Server(serving.config_of(room))
        thread = threading.Thread(target=one.run, args=([sock],))
        thread.start()
        try:
            for first, start in (
                (b"", b""),
                (b"", b"GET / HTTP/1.1\r\nHost: 127.0"),
                (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /"),
            ):
                with socket.create_connection(sock.getsockname(), timeout=30) as slow:
                    slow.sendall(first)
                    if first:
                        assert slow.recv(15) == b"HTTP/1.1 200 OK"
                        time.sleep(0.2)
                    slow.sendall(start)
                    began = time.monotonic()
                    while slow.recv(65536):
                        pass
                    assert time.monotonic() - began < 20
            with socket.create_connection(sock.getsockname(), timeout=30) as quick:
                quick.sendall(b"GET /static/base.css HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert quick.recv(15) == b"HTTP/1.1 200 OK"
        finally:
            one.should_exit = True
            thread.join()


def test_tokens_are_asked_for_where_more_than_one_may_come(out: Path) -> None:
    assert [s.token for s in seats(Told(out, ("anna",)))] == [""]
    for told in (Told(out, ("anna", "ben")), Told(out, ("anna",), host="0.0.0.0"), Told(out, ("anna",), host="192.0.2.7")):
        tokens = [s.token for s in seats(told)]
        assert min(map(len, tokens)) >= 43
        assert len(set(tokens)) == len(told.readers)
    assert [s.token for s in seats(Told(out, ("anna",), token="y" * 20))] == ["y" * 20]


def test_names_of_this_machine_are_answered_to_only_where_it_can_be_reached(out: Path) -> None:
    assert hosts("127.0.0.1", ()) == {"127.0.0.1", "localhost", "::1"}
    everywhere = hosts("0.0.0.0", ("Review.Hospital",))
    assert {"review.hospital", socket.gethostname().lower()} <= everywhere
    assert "0.0.0.0" not in everywhere


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("--reader", "program"),
        ("--reader", "Anna Smith"),
        ("--reader", "a", "--reader", "a"),
        ("--reader", "a", "--token", "short"),
        ("--reader", "a", "--reader", "b", "--token", "z" * 30),
        ("--reader", "a", "--studies", "nowhere.txt"),
        ("--reader", "a", "--read", "0"),
    ],
)
def test_wrong_usage(out: Path, wrong: tuple[str, ...]) -> None:
    assert run(["review", str(out), *wrong]) == 64


def test_a_list_of_studies_limits_the_server(out: Path, tmp_path: Path) -> None:
    chosen = sound_studies(out)[1]
    (tmp_path / "list.txt").write_text(f"{chosen}\n\n")
    with server(out, "--studies", tmp_path / "list.txt") as one:
        with urllib.request.urlopen(one.address) as answer:
            assert re.findall(r"/studies/([0-9a-f]{12})", answer.read().decode()) == [chosen]
        with urllib.request.urlopen(f"{one.address}/api/session") as answer:
            assert json.load(answer)["reader"] == "anna"
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{one.address}/studies/{DOUBTFUL}")


def test_export_needs_no_server(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["review", str(out), "--export", str(tmp_path / "tables")]) == 0
    assert {p.name for p in (tmp_path / "tables").iterdir()} >= {"ratings.csv", "decisions.csv", "final.csv"}
    assert "ratings.csv" in capsys.readouterr().out
