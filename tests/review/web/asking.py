"""What a page would send."""

from __future__ import annotations

import re
import uuid
from typing import Any

import httpx

from gluteal_grade.review.web.reading_room import ReadingRoom
from gluteal_grade.review.web.security import CSRF_HEADER


def csrf_of(client: httpx.Client) -> str:
    """As the worklist carries it."""
    found = re.search(r'data-csrf="([0-9a-f]+)"', client.get("/").text)
    assert found
    return found[1]


def decision(
    item: str = "grade", value: str = "2", muscle: str = "gluteus_medius", side: str = "left", part: str = "quartile"
) -> dict[str, str]:
    return {"id": str(uuid.uuid4()), "item": item, "muscle": muscle, "side": side, "part": part, "value": value}


def batch(room: ReadingRoom, study: str, *decisions: dict[str, str], **changed: Any) -> dict[str, Any]:
    session = room.seats[0].session
    listed = room.catalogue.find(study)
    return {
        "reader": session.reader,
        "read": session.read,
        "blinded": session.blinded,
        "study": study,
        "result_hash": listed.result_hash if listed else "",
        "decisions": list(decisions),
    } | changed


def post(client: httpx.Client, content: Any, **headers: str | bytes) -> Any:
    return client.post("/api/decisions", json=content, headers={CSRF_HEADER: csrf_of(client), "Accept": "application/json"} | headers)
