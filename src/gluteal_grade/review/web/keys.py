"""The keys, in the order of the help; `static/keys.js` acts on them."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

from gluteal_grade.review.model import Session
from gluteal_grade.vocabulary import Scale

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
        ("v", "window usual, bright, dark"),
        ("r", "reset window and zoom"),
        ("z", "whole slice, or fitted to the body"),
        ("y Y", "next, previous view: slices, planes across, 3-D, all"),
        ("h", "cross-hair on, off (a click moves it)"),
        ("d", "correct contours; again or Escape ends it"),
    ),
    "Grades": (
        ("j k", "next, previous muscle"),
        ("← →", "the patient's right, left"),
        # before these: the scales, and their grades; see `study_keys`
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
_NOT_BLINDED = ("f", "[ ]", "d", "a", "A")
_NOT_BLINDED_LIST = ("e", "t")
# these hold while contours are corrected, and take no letter from the scales
DRAWING_KEYS: tuple[tuple[str, str], ...] = (
    ("drag, right drag", "draw; window and brightness"),
    ("1 – 4", "muscle, as the buttons stand"),
    ("s", "the other side"),
    ("b e l g", "brush, eraser, outline, grow"),
    ("[ ]", "smaller, larger"),
    ("o", "over other muscles, or not"),
    ("Shift ← → ↑ ↓", "move the brush"),
    ("Space", "draw or grow there, or set a corner"),
    ("Enter", "close the outline"),
    ("i", "fill between drawn slices"),
    ("u U", "undo, redo (Ctrl-Z, Ctrl-Y)"),
    ("x", "discard"),
    ("m", "measure again"),
)
LIST_KEYS: tuple[tuple[str, str], ...] = (
    ("j k ↑ ↓", "next, previous study"),
    ("Enter", "open"),
    ("/", "filter; Escape leaves it"),
    ("[ ]", "page before, after"),
    ("e", "export"),
    ("t", "least trusted outline first, or not"),
    ("?", "this help"),
)
EXPORT_KEYS: tuple[tuple[str, str], ...] = (("e", "write"), ("l", "worklist"), ("?", "this help"))


def scale_letters(scales: Sequence[Scale]) -> dict[str, str]:
    """The key that chooses each scale: the first free letter of its own name, else any; none where all are taken."""
    taken = {key for lines in KEYS.values() for line in lines for key in line[0].split()}
    found: dict[str, str] = {}
    for scale in scales:
        if letter := next((one for one in scale.key + ascii_lowercase if one in ascii_lowercase and one not in taken), ""):
            found[scale.key] = letter
            taken.add(letter)
    return found


def list_keys(session: Session) -> tuple[tuple[str, str], ...]:
    """The keys that do something in this reader's worklist."""
    hidden = _NOT_BLINDED_LIST if session.blinded else ()
    return tuple(line for line in LIST_KEYS if line[0] not in hidden)


def study_keys(session: Session, scales: Sequence[Scale]) -> dict[str, tuple[tuple[str, str], ...]]:
    """The keys that do something in this reader's read of a study graded on these scales."""
    hidden = _NOT_BLINDED if session.blinded else ()
    letters = scale_letters(scales)
    names = ", ".join(scale.title for scale in scales if scale.key in letters)
    highest = min(9, max((scale.highest for scale in scales), default=0))
    grades = ((" ".join(letters.values()), names), (f"0 – {highest}", "grade; the same again takes it back"))
    lines_of = KEYS | {"Grades": (*KEYS["Grades"][:2], *grades, *KEYS["Grades"][2:])}
    found = {title: tuple(line for line in lines if line[0] not in hidden) for title, lines in lines_of.items()}
    return found if session.blinded else found | {"Correcting contours": DRAWING_KEYS}
