"""Who is let in, from where, and what comes back with every answer."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gluteal_grade.review.model import Session
from gluteal_grade.review.web.reading_room import ReadingRoom, Seat
from gluteal_grade.review.web.security import CSRF_HEADER
from tests.review.web.asking import batch, csrf_of, decision, post
from tests.review.web.graded import DOUBTFUL, Server, reading_room_of, refused_study, server, sound_studies
from tests.review.web.inside import client_of

ANNA, BEN = Seat(Session("anna"), "a" * 43), Seat(Session("ben"), "b" * 43)


@pytest.fixture
def shared(out: Path) -> Iterator[httpx.Client]:
    """Two readers at one server."""
    with reading_room_of(out, ANNA, BEN) as room:
        yield client_of(room)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "", "[", "localhost@evil.example"])
def test_another_name_of_this_server_is_refused(client: httpx.Client, host: str) -> None:
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == 421
    assert DOUBTFUL not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:1", "LOCALHOST", "[::1]:9000"])
def test_loopback_may_be_called_by_all_its_names_and_through_a_tunnel(client: httpx.Client, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


def test_two_hosts_in_one_request_are_refused(out: Path, client: httpx.Client) -> None:
    assert client.get("/", headers=[("Host", "127.0.0.1"), ("Host", "evil.example")]).status_code == 421


@pytest.mark.parametrize(
    "path", ["/", "/export", f"/studies/{DOUBTFUL}", f"/studies/{DOUBTFUL}/stack", f"/studies/{DOUBTFUL}/files/image.nii.gz"]
)
def test_without_the_cookie_there_is_nothing(shared: httpx.Client, path: str) -> None:
    for cookie in ("", "x", ANNA.token, "\u00e9"):
        shared.cookies.clear()
        answer = shared.get(path, headers={"Cookie": f"gluteal_review_0={cookie}".encode("latin-1")})
        assert answer.status_code == 401
        assert DOUBTFUL not in answer.text


@pytest.mark.parametrize("token", ["", "x", ANNA.token[:-1], ANNA.cookie, "\u00e9"])
def test_a_wrong_token_opens_nothing(shared: httpx.Client, token: str) -> None:
    answer = shared.get("/enter", params={"token": token})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_the_token_becomes_a_cookie_and_leaves_the_address(shared: httpx.Client) -> None:
    answer = shared.get("/enter", params={"token": BEN.token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert BEN.token not in answer.headers["set-cookie"]
    page = shared.get("/")
    assert page.status_code == 200
    assert 'data-reader="ben"' in page.text
    assert BEN.token not in page.text


def test_each_reader_gets_a_cookie_of_their_own(shared: httpx.Client) -> None:
    assert ANNA.cookie != BEN.cookie
    shared.get("/enter", params={"token": ANNA.token})
    assert 'data-reader="anna"' in shared.get("/").text


def test_the_token_of_one_reader_stores_nothing_for_another(out: Path) -> None:
    with reading_room_of(out, ANNA, BEN) as room:
        ben = client_of(room)
        ben.get("/enter", params={"token": BEN.token})
        study = sound_studies(out)[0]
        answer = post(ben, batch(room, study, decision(), reader="anna"))
        assert (answer.status_code, answer.json()["error"]) == (409, "other_reader")
        stolen = post(ben, batch(room, study, decision(), reader="ben"), **{CSRF_HEADER: room.csrf(ANNA)})
        assert stolen.status_code == 403
        assert list(room.store.rows()) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {CSRF_HEADER: ""},
        {CSRF_HEADER: "0" * 64},
        {CSRF_HEADER: "\u00e9".encode()},
    ],
)
def test_posts_of_other_sites_store_nothing(client: httpx.Client, room: ReadingRoom, headers: dict[str, str]) -> None:
    answer = post(client, batch(room, DOUBTFUL, decision()), **headers)
    assert answer.status_code == 403
    assert list(room.store.rows()) == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_only_json_is_stored(client: httpx.Client, room: ReadingRoom, kind: str) -> None:
    answer = post(client, batch(room, DOUBTFUL, decision()), **{"Content-Type": kind})
    assert answer.status_code == 415
    assert list(room.store.rows()) == []


def test_our_own_pages_may(client: httpx.Client, room: ReadingRoom) -> None:
    headers = {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "same-origin"}
    assert post(client, batch(room, DOUBTFUL, decision()), **headers).status_code == 200
    assert len(list(room.store.rows())) == 1


def test_every_answer_says_what_a_browser_may_do_with_it(client: httpx.Client, out: Path) -> None:
    study = sound_studies(out)[0]
    paths = ["/", "/export", f"/studies/{study}", f"/studies/{study}/slices/3", f"/studies/{study}/files/result.json", "/nothing"]
    for path in (*paths, f"/studies/{refused_study(out)}"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_no_description_of_the_routes_is_served(client: httpx.Client) -> None:
    assert [client.get(p).status_code for p in ("/docs", "/redoc", "/openapi.json", "/static/", "/static")] == [404] * 5


def test_a_defect_tells_nothing_of_itself(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with reading_room_of(out) as room:
        client = client_of(room)
        room.catalogue.__dict__.clear()  # whatever is asked of it now fails
        answer = client.get(f"/studies/{DOUBTFUL}")
    assert answer.status_code == 500
    assert "A defect of the program" in answer.text
    assert "Traceback" not in answer.text
    told = capsys.readouterr().err
    assert told.startswith("failure: AttributeError in gluteal_grade.")
    assert len(told.splitlines()) == 1
    assert DOUBTFUL not in told


@pytest.fixture(scope="module")
def running(graded: Path) -> Iterator[Server]:
    with server(graded, "--token", "t" * 20) as found:
        yield found


@pytest.mark.parametrize(
    "path",
    [
        "/studies/..%2f..%2fetc%2fpasswd",
        "/studies/%2e%2e/%2e%2e/etc/passwd",
        "/studies/../../../../etc/passwd",
        "/studies//etc/passwd",
        "/studies/%00",
        f"/studies/{DOUBTFUL}%00",
        f"/studies/{DOUBTFUL}/files/..%2fstudies.csv",
        f"/studies/{DOUBTFUL}/files/../../studies.csv",
        f"/studies/{DOUBTFUL}/files/%2fetc%2fpasswd",
        f"/studies/{DOUBTFUL}/files/result.json%00.png",
        f"/studies/{DOUBTFUL}/files/",
        f"/studies/{DOUBTFUL}/files/.",
        f"/studies/{DOUBTFUL}/slices/-1",
        f"/studies/{DOUBTFUL}/slices/99999",
        f"/studies/{DOUBTFUL}/slices/1e1",
        f"/studies/{DOUBTFUL}/slices/%D9%A3",
        "/static/..%2fapp.py",
        "/static/../app.py",
        "/export/..%2freview.sqlite",
        "/export/review.sqlite",
    ],
)
def test_paths_that_lead_elsewhere_lead_nowhere(running: Server, path: str) -> None:
    connection = http.client.HTTPConnection(running.address.removeprefix("http://"))
    connection.request("GET", "/enter?token=" + "t" * 20)
    answer = connection.getresponse()
    answer.read()
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    text = answer.read().decode()
    assert answer.status == 404
    assert "root:" not in text
    assert "patient" not in text
    connection.close()


def test_a_link_out_of_the_folder_is_not_followed(out: Path, client: httpx.Client, tmp_path: Path) -> None:
    study = sound_studies(out)[0]
    secret = tmp_path / "secret"
    secret.write_text("secret")
    for name in ("muscles.csv", "overlay_summary.png", "image.nii.gz"):
        (out / study / name).unlink()
        (out / study / name).symlink_to(secret)
        assert client.get(f"/studies/{study}/files/{name}").status_code == 404
    assert client.get(f"/studies/{study}/stack").status_code == 404
    assert csrf_of(client)
