"""How fast the review's list and store are: `python scripts/measure_review.py RESULT_JSON [--studies N]`.

Makes an output of many studies from one `result.json`, each under another hash, and a store with 27 decisions on each of them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

from gluteal_grade.grading.scales import known_scales
from gluteal_grade.review.catalogue import Catalogue
from gluteal_grade.review.exports import export
from gluteal_grade.review.model import QUALITIES, Decision, Item, Key, Session
from gluteal_grade.review.order import ordered
from gluteal_grade.review.store import Store
from gluteal_grade.vocabulary import Muscle, Side

ANNA = Session("anna")


def told(what: str, do: Callable[[], object]) -> None:
    """Do it, and print how long it took."""
    start = time.perf_counter()
    do()
    print(f"{what:46s} {1000 * (time.perf_counter() - start):9.1f} ms", flush=True)


def decisions(study: str) -> list[Decision]:
    """27 of one study."""
    places = list(product(Muscle, Side))
    keys = [(Key(Item.GRADE, muscle, side, scale.key), "1") for muscle, side in places for scale in known_scales()]
    keys += [(Key(Item.QUALITY, muscle, side), QUALITIES[0]) for muscle, side in places]
    keys += [(Key(Item.BURSA, "", side), "none") for side in Side] + [(Key(Item.FINISHED), "yes")]
    return [Decision(str(uuid.uuid4()), study, key, value) for key, value in keys]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each thing timed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=Path, help="a result.json")
    parser.add_argument("--studies", type=int, default=2000)
    chosen = parser.parse_args(arguments)
    result, count = json.loads(chosen.result.read_text()), chosen.studies
    with tempfile.TemporaryDirectory(dir=".") as folder:
        out = Path(folder)
        studies = [hashlib.sha256(str(n).encode()).hexdigest()[:12] for n in range(count)]
        for study in studies:
            (out / study).mkdir()
            (out / study / "result.json").write_text(json.dumps(result | {"study": study}, indent=2))
        catalogue, store = Catalogue(out), Store(out)
        told(f"first scan of {count} studies", catalogue.refresh)
        told("next scan", catalogue.refresh)
        told("order of reading", lambda: ordered(catalogue.listed, ANNA))
        told(f"{count} saves of 27 decisions", lambda: [store.add(ANNA, decisions(study), "") for study in studies])
        told("100 saves of one decision", lambda: [store.add(ANNA, [decisions(studies[0])[0]], "") for _ in range(100)])
        told("progress, first time", lambda: Store(out).progress(ANNA))
        store.progress(ANNA)
        told("progress, then", lambda: store.progress(ANNA))
        told("what holds of one study", lambda: store.current(ANNA, studies[0]))
        told("export of the tables", lambda: export(out, out / "review" / "export", catalogue, store))
