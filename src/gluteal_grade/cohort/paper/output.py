"""The files of `cohort methods`; each appears under its name when whole."""

from __future__ import annotations

import datetime
from pathlib import Path

from gluteal_grade.cohort.paper.crate import Described, write_crate
from gluteal_grade.cohort.paper.figure import draw_flow
from gluteal_grade.cohort.paper.flow import Flow, flow_of, flow_rows
from gluteal_grade.cohort.paper.references import references
from gluteal_grade.cohort.paper.text import facts_of, methods_section
from gluteal_grade.config import load_settings
from gluteal_grade.errors import not_writable
from gluteal_grade.files import write_table, write_text

_COLUMNS = ("step", "what", "state", "reason", "count")


def write_paper(out: Path, *, title: str = "", licence: str = "") -> tuple[Flow, list[Path]]:
    """Write `methods/` (methods.md, flow.png, flow.csv, references.bib), the manifest of hashes and the RO-Crate into a cohort's output.

    Args:
        out: of a finished batch; the text tells what lies in it, analyses included.
        title: of the data set.
        licence: URL or words.

    Raises:
        RefusedInput: `no_results`.
        TransientFailure: `output_not_writable`.
    """
    flow = flow_of(out)
    facts = facts_of(out, flow, load_settings())
    cited = references(facts.analyses, facts.norms, automatic=bool(facts.automatic.any()))
    folder = out / "methods"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [write_text(folder / "methods.md", methods_section(facts, cited))]
        write_table(folder / "flow.csv", _COLUMNS, flow_rows(flow))
        written += [folder / "flow.csv", draw_flow(flow, folder / "flow.png")]
        written.append(write_text(folder / "references.bib", "\n".join(one.bibtex for one in cited)))
        ended = datetime.datetime.fromtimestamp((out / "studies.csv").stat().st_mtime, datetime.UTC).replace(microsecond=0)
        studies = flow.studies
        hashes = {name: ", ".join(sorted(set(studies[name]) - {""})) for name in ("version", "config_hash", "model_hash")}
        graded = flow.step("studies")
        about = Described(
            title or "Gluteal muscles of a cohort: fat fraction, volume and grades",
            f"{graded.count} studies graded, {graded.left_out} inputs without grades. Research use; not a medical device.",
            *(licence, hashes, ended),
        )
        return flow, written + write_crate(out, about)
    except OSError as error:
        raise not_writable(error) from error
