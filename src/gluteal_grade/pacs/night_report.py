"""The summary of a nightly job, to look at in the morning: JSON and one page. Studies by hash, no names."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from gluteal_grade import __version__
from gluteal_grade.cohort import State
from gluteal_grade.errors import advice_for
from gluteal_grade.files import whole
from gluteal_grade.pacs.nightly import Night
from gluteal_grade.report import environment

FOLDER = "nights"
_VERDICTS = {
    0: ("good", "Everything that was asked for was graded and sent, or had been before."),
    3: ("mixed", "Some studies were not graded or not sent; see below."),
    1: ("bad", "The night could not do all its work; see below. The next night asks for the same days again."),
}


def summary_of(night: Night) -> dict[str, Any]:
    """A nightly job as plain JSON values."""
    return {
        "program": f"gluteal-grade {__version__}",
        "since": night.since.isoformat(),
        "until": night.until.isoformat(),
        "exit_code": night.exit_code,
        "complete": night.complete,
        "found": night.found,
        "known": night.known,
        "left": night.left,
        "states": dict(sorted(Counter(str(state) for state, _ in night.ends.values()).items())),
        "priors": night.priors,
        "sent_ok": sum(not reason for reason in night.sent.values()),
        "graded": sorted(study for study, (state, _) in night.ends.items() if state in (State.GRADED, State.PARTLY)),
        "not_graded": [
            {"study": study, "state": str(state), **_told(reason)}
            for study, (state, reason) in sorted(night.ends.items())
            if state in (State.REFUSED, State.FAILED)
        ],
        "not_sent": [{"study": study, **_told(reason)} for study, reason in sorted(night.sent.items()) if reason],
        "superseded": [
            {"study": study, "why": str(why), "words": why.words, "rejected": night.rejected.get(study, 0)}
            for study, why in sorted(night.superseded.items())
        ],
        "failures": [{"step": step, **_told(reason)} for step, reason in night.failures],
        "seconds": round(night.seconds, 1),
    }


def write_summary(night: Night, out: Path, started: datetime) -> tuple[Path, Path]:
    """Write `nights/<UTC time>.json` and `.html`, and the same as `nights/latest.*`.

    Returns:
        the two files of this night.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    told = summary_of(night)
    look, words = _VERDICTS[night.exit_code]
    page = environment("gluteal_grade.pacs").get_template("night.html.j2").render(told=told, verdict={"look": look, "words": words})
    name = started.strftime("%Y%m%dT%H%M%SZ")
    for stem in (name, "latest"):
        with whole(out / FOLDER / f"{stem}.json") as scratch:
            scratch.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8", newline="\n")
        with whole(out / FOLDER / f"{stem}.html") as scratch:
            scratch.write_text(page, encoding="utf-8", newline="\n")
    return out / FOLDER / f"{name}.json", out / FOLDER / f"{name}.html"


def _told(reason: str) -> dict[str, str]:
    return {"reason": reason, "advice": advice_for(reason)}
