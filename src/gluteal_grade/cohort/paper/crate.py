"""An RO-Crate (1.2) of a cohort: what lies there, what made it, and the SHA-256 of every file.

Plain JSON-LD, without a library: the crate is one file of a few dozen entities. 1.2, because it has a word for hashes.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import mimetypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gluteal_grade import __version__
from gluteal_grade.files import escaped, whole

NAME, MANIFEST = "ro-crate-metadata.json", "manifest-sha256.txt"
_CONFORMS = "https://w3id.org/ro/crate/1.2"
CONTEXT = f"{_CONFORMS}/context"
_CHUNK = 1 << 20
_PASSED = (".partial", "-wal", "-shm")  # of a write or a ledger that is open
_WORDS = {
    "cohort.csv": "Muscles of every study",
    "studies.csv": "Studies and what became of them; repeats the paths that were given",
    "refusals.csv": "Inputs without grades, with reasons; repeats the paths that were given",
    "ledger.sqlite": "Every attempt at every study; holds the secret of the pseudonyms: keep it",
    "methods/methods.md": "Methods section",
    "methods/flow.png": "Flow of studies with the reasons of exclusion",
    "methods/references.bib": "References",
    MANIFEST: "SHA-256 of every file, as sha256sum writes it",
}
PRIVATE = ("ledger.sqlite",)  # not for others: in the manifest of the folder, not in the crate


@dataclass(frozen=True)
class Described:
    """What a crate says of the whole.

    Attributes:
        name, text: of the data set.
        licence: URL or words; empty where the user gave none.
        hashes: of settings and networks, for the action that made it.
        ended: when the last table was written.
    """

    name: str
    text: str
    licence: str
    hashes: dict[str, str]
    ended: datetime.datetime


def write_crate(out: Path, about: Described) -> list[Path]:
    """Write `manifest-sha256.txt` and `ro-crate-metadata.json` at the top of an output.

    Files of the top and of folders of analyses are entities of their own; a study's folder is one entity, its files stand in the manifest.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    manifest = out / MANIFEST
    found: list[tuple[str, str, int]] = []
    with whole(manifest) as scratch, scratch.open("w", encoding="utf-8", newline="\n") as stream:
        for path in _files(out):
            name = path.relative_to(out).as_posix()
            digest = _sha256(path)
            stream.write(f"{digest}  {escaped(name)}\n")
            if not _of_study(out, path):
                found.append((name, digest, path.stat().st_size))
    found.append((MANIFEST, _sha256(manifest), manifest.stat().st_size))
    studies = (*(path.parent for path in out.glob("*/result.json")), *(path for path in out.glob("sub-*") if path.is_dir()))
    folders = sorted({path.relative_to(out).as_posix() for path in studies})
    text = json.dumps({"@context": CONTEXT, "@graph": list(_graph(found, folders, about))}, indent=2, ensure_ascii=False) + "\n"
    with whole(out / NAME) as scratch:
        scratch.write_text(text, encoding="utf-8", newline="\n")
    return [manifest, out / NAME]


def _graph(files: Sequence[tuple[str, str, int]], folders: Sequence[str], about: Described) -> Iterator[dict[str, Any]]:
    shared = [one for one in files if one[0] not in PRIVATE]
    ids = [_id(name) for name, _, _ in shared] + [_id(name) + "/" for name in folders]
    yield {"@id": NAME, "@type": "CreativeWork", "conformsTo": {"@id": _CONFORMS}, "about": {"@id": "./"}}
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": about.name,
        "description": about.text,
        "datePublished": about.ended.date().isoformat(),
        "license": about.licence or "No licence was given: ask the authors before any use.",
        "hasPart": [{"@id": one} for one in ids],
        "mentions": {"@id": "#made"},
    }
    yield root
    yield {
        "@id": "#gluteal_grade",
        "@type": "SoftwareApplication",
        "name": "gluteal_grade",
        "version": __version__,
        "license": "https://spdx.org/licenses/Apache-2.0",
    }
    yield {
        "@id": "#made",
        "@type": "CreateAction",
        "name": "Fat fraction, volume and grades of gluteal muscles measured",
        "instrument": {"@id": "#gluteal_grade"},
        "result": {"@id": "./"},
        "endTime": about.ended.isoformat(),
        "description": "; ".join(f"{name} {value}" for name, value in about.hashes.items()),
    }
    for name, digest, size in shared:
        entity: dict[str, Any] = {"@id": _id(name), "@type": "File", "name": escaped(name), "contentSize": str(size), "sha256": digest}
        if kind := mimetypes.guess_type(name)[0]:
            entity["encodingFormat"] = kind
        if name in _WORDS:
            entity["description"] = _WORDS[name]
        yield entity
    for name in folders:
        words = f"Results of one study; its files stand in {MANIFEST}"
        yield {"@id": _id(name) + "/", "@type": "Dataset", "name": escaped(name), "description": words}


def _files(out: Path) -> Iterator[Path]:
    """Every file but the crate's own, in order."""
    for path in sorted(out.rglob("*")):
        if path.is_file() and path.name not in (NAME, MANIFEST) and not path.name.endswith(_PASSED) and ".partial" not in path.name:
            yield path


def _of_study(out: Path, path: Path) -> bool:
    parts = path.relative_to(out).parts
    return len(parts) > 1 and (parts[0].startswith("sub-") or (out / parts[0] / "result.json").is_file())


def _id(name: str) -> str:
    return quote(escaped(name))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_CHUNK):
            digest.update(block)
    return digest.hexdigest()
