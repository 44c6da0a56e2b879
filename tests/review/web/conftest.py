"""One graded output and one Chromium for the room."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gluteal_grade.review.web.reading_room import ReadingRoom
from tests.review.web.graded import make_graded, reading_room_of
from tests.review.web.inside import client_of


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_graded(tmp_path_factory.mktemp("review"))


@pytest.fixture
def out(graded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(graded, tmp_path / "out"))


@pytest.fixture
def room(out: Path) -> Iterator[ReadingRoom]:
    with reading_room_of(out) as found:
        yield found


@pytest.fixture
def client(room: ReadingRoom) -> httpx.Client:
    return client_of(room)
