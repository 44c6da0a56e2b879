"""The keys, in the order of the help; `static/keys.js` acts on them."""

from __future__ import annotations

from gluteal_grade.review.model import Session

KEYS: dict[str, tuple[tuple[str, str], ...]] = {
    "Pictures": (
        ("↑ ↓", "slice up, down (also the wheel)"),
        ("PageUp PageDown", "five slices"),
        ("Home End", "first, last slice"),
        (", .", "standard level before, after"),
        ("c", "contours on, off"),
        ("f", "fat map on, off"),
        ("[ ]", "opacity of the fat map"),
        ("- =", "window narrower, wider (drag across)"),
        ("< >", "brighter, darker (drag up, down)"),
        ("r", "reset window and zoom"),
        ("z", "whole slice, or fitted to the body"),
    ),
    "Grades": (
        ("j k", "next, previous muscle"),
        ("← →", "the patient's right, left"),
        ("q g b", "Quartile, Goutallier, Bal & Lowe"),
        ("0 – 4", "grade; the same again takes it back"),
        ("x", "not assessable"),
        ("a", "accept the program's grades of this muscle"),
        ("A", "accept all that is not decided"),
        ("w", "contours good, usable, wrong"),
    ),
    "Study": (
        ("t", "tendons and bursa (← → and Space)"),
        ("m", "note; Escape leaves it"),
        ("n", "finish and next"),
        ("o", "open again what is finished"),
        ("p", "previous study"),
        ("l", "worklist"),
        ("?", "this help"),
    ),
}
_NOT_BLINDED = ("f", "[ ]", "a", "A")
LIST_KEYS: tuple[tuple[str, str], ...] = (
    ("j k ↑ ↓", "next, previous study"),
    ("Enter", "open"),
    ("/", "filter; Escape leaves it"),
    ("[ ]", "page before, after"),
    ("e", "export"),
    ("?", "this help"),
)
EXPORT_KEYS: tuple[tuple[str, str], ...] = (("e", "write"), ("l", "worklist"), ("?", "this help"))


def study_keys(session: Session) -> dict[str, tuple[tuple[str, str], ...]]:
    """The keys that do something in this reader's read."""
    hidden = _NOT_BLINDED if session.blinded else ()
    return {title: tuple(line for line in lines if line[0] not in hidden) for title, lines in KEYS.items()}
