"""Label maps from readers: good ones are measured, others refused, and nothing stays behind."""

from __future__ import annotations

import gzip
import io
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from gluteal_grade.io.nifti import read_volume, save_volume
from gluteal_grade.review.model import Item, Key, Session
from gluteal_grade.review.web.reading_room import ReadingRoom
from gluteal_grade.review.web.security import CSRF_HEADER
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle
from tests.review.web.asking import csrf_of
from tests.review.web.graded import reading_room_of, sound_studies
from tests.review.web.inside import client_of
from tests.waiting import PATIENCE_S

MB = 1 << 20


@pytest.fixture
def small(graded: Path, out: Path) -> Iterator[tuple[httpx.Client, ReadingRoom]]:
    """A server that takes 1 MB."""
    with reading_room_of(out, data=graded.parent / "in", max_upload=MB) as room:
        yield client_of(room), room


def send(client: httpx.Client, study: str, content: Any, **headers: str) -> httpx.Response:
    usual = {"Content-Type": "application/octet-stream", "Accept": "application/json", CSRF_HEADER: csrf_of(client)}
    return client.post(f"/studies/{study}/labels", content=content, headers=usual | headers)


def files(out: Path) -> set[str]:
    return {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file() and "sqlite" not in p.name}


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return stream.getvalue()


def nifti(out: Path, study: str, tmp_path: Path, change: Any) -> bytes:
    labels = read_volume(out / study / "labels.nii.gz")
    save_volume(labels.with_array(change(labels.array)), tmp_path / "changed.nii.gz")
    return (tmp_path / "changed.nii.gz").read_bytes()


def test_more_than_the_limit_is_refused_whether_or_not_it_is_announced(small: tuple[httpx.Client, ReadingRoom], out: Path) -> None:
    client, _ = small
    study, before = sound_studies(out)[0], files(out)
    pieces = (bytes(MB // 4) for _ in range(8))
    for content, headers in ((bytes(2 * MB), {}), (pieces, {}), (b"x", {"Content-Length": str(5 * MB)})):
        answer = send(client, study, content, **headers)
        assert (answer.status_code, answer.json()["error"]) == (413, "upload_too_large")
        assert "1 MB" in answer.json()["words"]
    assert files(out) == before


@pytest.mark.parametrize(
    ("made", "reason"),  # a file, or what makes it: the bomb takes a second to deflate
    [
        (b"", "empty_file"),
        (b"<script>alert(1)</script>" * 50, "labels_unreadable"),
        (gzip.compress(bytes(600)), "labels_unreadable"),
        (b"\x5c\x01\x00\x00" + b"\xff" * 600, "labels_unreadable"),
        (zipped(**{"../../evil.nii": b"x" * 100}), "unsafe_zip"),
        (zipped(**{"/etc/evil.nii": b"x" * 100}), "unsafe_zip"),
        (lambda: zipped(**{"a.nii": bytes(300 * MB)}), "unsafe_zip"),
        (b"PK\x03\x04" + bytes(100), "unreadable_zip"),
    ],
    ids=["empty", "markup", "gzip of zeros", "header of nonsense", "path up", "path absolute", "bomb", "broken zip"],
)
def test_what_is_no_label_map_is_refused(
    small: tuple[httpx.Client, ReadingRoom], out: Path, made: bytes | Callable[[], bytes], reason: str
) -> None:
    client, room = small
    study, before = sound_studies(out)[0], files(out)
    answer = send(client, study, made() if callable(made) else made)
    assert answer.status_code == 422
    assert answer.json()["error"] == reason
    assert files(out) == before
    assert room.corrections.state(study) == ()
    assert not (out.parent / "evil.nii").exists()


def test_other_requests_take_no_file(small: tuple[httpx.Client, ReadingRoom], out: Path) -> None:
    client, _ = small
    study = sound_studies(out)[0]
    assert send(client, study, b"x", **{"Content-Type": "multipart/form-data"}).status_code == 415
    assert send(client, study, b"x", Origin="https://evil.example").status_code == 403
    assert send(client, study, b"x", **{CSRF_HEADER: ""}).status_code == 403
    assert send(client, "ffffffffffff", b"x").status_code == 404


def test_a_corrected_map_is_measured_and_stands_beside_the_old_numbers(
    small: tuple[httpx.Client, ReadingRoom], out: Path, tmp_path: Path
) -> None:
    client, room = small
    study = sound_studies(out)[0]
    left_medius = [v for v, p in LABEL_VALUES.items() if p.muscle is Muscle.GLUTEUS_MEDIUS and p.side == "left"]

    def without_lower_half(labels: np.ndarray) -> np.ndarray:
        changed = labels.copy()
        there = np.flatnonzero(np.isin(labels, left_medius).any(axis=(0, 1)))
        changed[..., : int(there.mean())][np.isin(changed[..., : int(there.mean())], left_medius)] = 0
        return changed

    answer = send(client, study, nifti(out, study, tmp_path, without_lower_half))
    assert answer.status_code == 202
    end = time.monotonic() + PATIENCE_S
    while (found := client.get(f"/studies/{study}/corrections").json())[0]["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.2)
    assert (found[0]["id"], found[0]["state"]) == (answer.json()["id"], "done"), found
    assert room.store.current(Session("anna"), study)[Key(Item.LABELS)].decision.value == found[0]["id"]
    rows = {row[0]: row[1:] for row in found[0]["rows"]}
    assert len(rows) == 6
    old, new = (float(text.split()[0]) for text in rows["left medius"][:2])
    assert 0.3 < new / old < 0.7
    assert rows["right medius"][0] == rows["right medius"][1]
    assert [p.name for p in (out / "review").glob(".upload*")] == []
