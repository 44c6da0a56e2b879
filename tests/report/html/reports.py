"""Results of every kind, and pages read back."""

from __future__ import annotations

import math
from html.parser import HTMLParser
from typing import Any

from gluteal_grade.errors import ADVICE, Reason
from gluteal_grade.result.models import MuscleStatus, NoteModel, StudyResult, StudyStatus
from gluteal_grade.vocabulary import Muscle, Region, Side

NAN = math.nan
VOID = {"meta", "img", "br", "link"}
DRAWN = {"line", "polyline", "circle", "path"}


class Read(HTMLParser):
    """Tags in order, tables by id as rows of cell texts, texts by id; fails on tags that do not fit together."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.ids: dict[str, str] = {}
        self.text = ""
        self._open: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, dict(attrs).get("id")))
        if (table := self._table()) is not None:
            if tag == "tr":
                self.tables.setdefault(table, []).append([])
            if tag in ("td", "th"):
                self.tables[table][-1].append("")
            if tag == "small":
                self.tables[table][-1][-1] += "|"

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        assert tag in DRAWN
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        inside = [tag for tag, _ in self._open]
        if "style" in inside:
            return
        self.text += data
        if (table := self._table()) is not None and {"td", "th"} & set(inside):
            self.tables[table][-1][-1] += data
        for _, name in self._open:
            if name:
                self.ids[name] = self.ids.get(name, "") + data

    def _table(self) -> str | None:
        return next((name for tag, name in reversed(self._open) if tag == "table" and name), None)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def doubtful(result: StudyResult) -> StudyResult:
    """The same with a muscle that needs review, one without a fat fraction, and one that is cut."""
    notes = tuple(
        NoteModel(reason=r, detail=d, advice=ADVICE[r])
        for r, d in ((Reason.SIDES_UNEQUAL, "60 ml right, 25 ml left"), (Reason.LABEL_UNCERTAIN, "mean doubt 0.31, 0.25 allowed"))
    )
    gone = dict.fromkeys(("fat_fraction", "fat_fraction_low", "fat_fraction_high", "lean_volume_ml"), NAN)

    def changed(m: Any) -> Any:
        if (m.muscle, m.side) == (Muscle.GLUTEUS_MINIMUS, Side.LEFT):
            return m.model_copy(update={"status": MuscleStatus.NEEDS_REVIEW, "reason": Reason.SIDES_UNEQUAL, "checks": notes})
        if (m.muscle, m.side) == (Muscle.GLUTEUS_MEDIUS, Side.RIGHT):
            none = {"grade": None, "margin": NAN, "probabilities": (), "borderline_with": None}
            return m.model_copy(
                update={
                    **gone,
                    "status": MuscleStatus.NOT_GRADABLE,
                    "reason": Reason.BESIDE_METAL,
                    "detail": "41% of it has a fat value, 60% needed",
                    "evaluable_share": 0.41,
                    "interval_parts": {},
                    "norms": (),
                    "grades": tuple(g.model_copy(update=none) for g in m.grades),
                }
            )
        if (m.muscle, m.side, m.region) == (Muscle.GLUTEUS_MAXIMUS, Side.RIGHT, Region.WHOLE):
            cut = {"status": MuscleStatus.PARTIAL, "reason": Reason.OUT_OF_VIEW, "coverage": 0.81, "cut_at": ("inferior", "posterior")}
            return m.model_copy(update=cut)
        return m

    return result.model_copy(update={"muscles": tuple(map(changed, result.muscles)), "status": StudyStatus.PARTLY_GRADED})


def refused() -> StudyResult:
    from tests.cohort.change.makers import refused_result

    made = refused_result(Reason.NO_LEAN_REFERENCE)
    assert made.refusal is not None
    detail = "muscle over fat signal is 0.72, expected 0.05 to 0.45"
    return made.model_copy(update={"refusal": made.refusal.model_copy(update={"detail": detail})})
