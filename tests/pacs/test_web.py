import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.pacs.config import PacsSettings, WebSettings
from gluteal_grade.pacs.web import WebPeer, web_directory
from gluteal_grade_lab.orthanc import AVAILABLE, Orthanc, free_port
from tests.pacs.certificates import authority, certificate
from tests.pacs.servers import http, mute

KEYS = {"StudyDate": "20240510", "PatientID": "Secret7"}


def settings(url: str, **more: Any) -> PacsSettings:
    return PacsSettings(web=WebSettings(url=url, **{"timeout_s": 1.0, **more}), out=Path("out"))


def failure_of(found: PacsSettings) -> TransientFailure:
    with pytest.raises(TransientFailure) as caught, web_directory(found) as peer:
        peer.ask("STUDY", KEYS)
    for secret in ("Secret7", "hunter2", "http"):
        assert secret not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


def test_nobody_listens() -> None:
    assert failure_of(settings(f"http://127.0.0.1:{free_port()}")).reason is Reason.PEER_UNREACHABLE


def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    with mute() as port:
        started = time.monotonic()
        failure = failure_of(settings(f"http://127.0.0.1:{port}"))
        assert 0.9 < time.monotonic() - started < 15  # without a limit: for ever
    assert (failure.reason, failure.detail) == (Reason.PEER_UNREACHABLE, "the server said nothing for 1 s")


@contextmanager
def dripping(first: bytes, pause_s: float) -> Iterator[int]:
    """Sends its headers at once, and then a byte at a time."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            one, _ = listener.accept()
            one.recv(65536)
            one.sendall(first)
            while True:
                time.sleep(pause_s)
                one.sendall(b" ")
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    with listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize(("pause_s", "words"), [(0.02, "does not end"), (60.0, "said nothing")])
def test_an_answer_that_drips_or_stops_is_given_up(pause_s: float, words: str) -> None:
    with dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n[", pause_s) as port:
        started = time.monotonic()
        failure = failure_of(settings(f"http://127.0.0.1:{port}", timeout_s=0.2))
        assert time.monotonic() - started < 20  # the whole answer would take 33 minutes
    assert failure.reason is Reason.PEER_UNREACHABLE
    assert words in failure.detail


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, Reason.PEER_REFUSED), (403, Reason.PEER_REFUSED), (404, Reason.QUERY_FAILED), (500, Reason.QUERY_FAILED)],
)
def test_status_codes(status: int, reason: Reason) -> None:
    with http(lambda *_: (status, {}, b"no study of Secret7")) as (url, _):
        failure = failure_of(settings(url))
    assert (failure.reason, failure.detail) == (reason, f"HTTP {status}")


def test_no_content_is_no_match() -> None:
    with http(lambda *_: (204, {}, b"")) as (url, _), web_directory(settings(url)) as peer:
        assert peer.ask("STUDY", KEYS) == []


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_to_another_server_is_refused_and_never_asked(code: int) -> None:
    with http(lambda *_: (200, {}, b"[]")) as (elsewhere, asked):
        for target in (elsewhere, elsewhere.replace("http", "https"), "//archive.invalid/x"):
            with http(lambda *_, to=target: (code, {"Location": to}, b"")) as (url, _):  # type: ignore[misc]
                assert failure_of(settings(url)).reason is Reason.PEER_REFUSED
    assert asked == []


def test_a_redirect_on_the_same_server_is_followed_but_not_in_a_circle() -> None:
    def answer(_method: str, path: str, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        return (200, {}, b"[]") if path.startswith("/new") else (307, {"Location": "/new" + path}, b"")

    with http(answer) as (url, _), web_directory(settings(url)) as peer:
        assert peer.ask("STUDY", KEYS) == []
    with http(lambda *_: (302, {"Location": "/"}, b"")) as (url, asked):
        assert failure_of(settings(url)).reason is Reason.PEER_REFUSED
    assert len(asked) == 4


def test_secrets_come_from_the_environment_or_a_file_and_proxies_do_not_see_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACS_TOKEN", "hunter2")
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")  # nobody there: whoever uses it fails
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with http(lambda *_: (200, {}, b"[]")) as (url, asked):
        with web_directory(settings(url, token_env="PACS_TOKEN")) as peer:
            peer.ask("STUDY", KEYS)
        (tmp_path / "secrets.yaml").write_text("user: jörg\npassword: hunter2\n", encoding="utf-8")
        (tmp_path / "secrets.yaml").chmod(0o600)
        with web_directory(settings(url, secrets=tmp_path / "secrets.yaml")) as peer:
            peer.ask("STUDY", KEYS)
    assert [headers.get("Authorization") for _, _, headers in asked] == ["Bearer hunter2", "Basic asO2cmc6aHVudGVyMg=="]
    # elsewhere the proxy of the environment is used
    assert WebPeer(WebSettings(url="http://pacs.example"))._session.proxies["http"].startswith("http://127.0.0.1")


def test_only_letters_that_need_no_percent_sign_are_asked_for() -> None:
    with http(lambda *_: (200, {}, b"[]")) as (url, asked), web_directory(settings(url)) as peer:
        peer.ask("STUDY", {"PatientID": "A/1 é,2", "StudyDescription": "*hip*"})
    assert asked[0][1].startswith("/studies?PatientID=A?1???2&StudyDescription=*hip*&includefield=0020000D&")


@pytest.mark.skipif(not AVAILABLE, reason="Orthanc is not installed")
def test_a_wrong_password_is_told_and_the_right_one_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACS_USER", "nightly")
    monkeypatch.setenv("PACS_PASSWORD", "wrong")
    named = {"user_env": "PACS_USER", "password_env": "PACS_PASSWORD", "timeout_s": 60.0}
    # the fixture asks by HTTP whether it has started, and would be refused
    monkeypatch.setattr(Orthanc, "_answers", lambda self: _listens(self.http_port) and _listens(self.dicom_port))
    with Orthanc(tmp_path / "orthanc", extra={"AuthenticationEnabled": True, "RegisteredUsers": {"nightly": "hunter2"}}) as orthanc:
        assert failure_of(settings(orthanc.dicomweb_url)).detail == "HTTP 401"
        failure = failure_of(settings(orthanc.dicomweb_url, **named))
        assert (failure.reason, failure.detail) == (Reason.PEER_REFUSED, "HTTP 401")
        monkeypatch.setenv("PACS_PASSWORD", "hunter2")
        with web_directory(settings(orthanc.dicomweb_url, **named)) as peer:
            assert peer.ask("STUDY", KEYS) == []


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_a_server_that_asks_for_our_certificate_gets_it(tmp_path: Path) -> None:
    ours = authority(tmp_path, "ours")
    server_side, us = certificate(tmp_path, "server", ours, "127.0.0.1"), certificate(tmp_path, "us", ours)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*server_side)
    context.load_verify_locations(ours[0])
    context.verify_mode = ssl.CERT_REQUIRED
    with http(lambda *_: (200, {}, b"[]"), context) as (url, _):
        secure = url.replace("http:", "https:")
        with web_directory(settings(secure, ca_bundle=ours[0], certificate=us[0], key=us[1])) as peer:
            assert peer.ask("STUDY", KEYS) == []
        assert failure_of(settings(secure, ca_bundle=ours[0])).reason is Reason.PEER_UNREACHABLE
        for ca_bundle in (None, authority(tmp_path, "theirs")[0]):
            failure = failure_of(settings(secure, ca_bundle=ca_bundle, certificate=us[0], key=us[1]))
            assert failure.reason is Reason.PEER_UNREACHABLE
            assert failure.detail.startswith("TLS failed")
