"""A folder of many studies as entries, from its names and a few headers: what belongs together is read together.

DICOM files go by their StudyInstanceUID, wherever they lie; NIfTI files by BIDS subject and session, else by folder; a zip stands alone.
What lies at the top and gives nothing of the kind is an entry too, so that its refusal is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from gluteal_grade.cohort.entries import Entry
from gluteal_grade.cohort.file_heads import FileHead, contrast_of_name, head_of
from gluteal_grade.errors import TransientFailure
from gluteal_grade.io import DATASET, FileRef, parse_name, shipped_rules, walk, without_sources
from gluteal_grade.vocabulary import is_study_file

_PEEKS = 5  # files of a folder that are opened, unless they already tell of several studies
_ASIDE = ("*.json", "*.tsv", "*.csv", "*.md", "*.yaml", "*.yml", "*.log", "*.pdf", "*.html", "*.xlsx", "*.docx", "dicomdir",
          "thumbs.db", "readme*", "changes*", "license*", "licence*", "*.bval", "*.bvec", "*.sha256", "*.md5")  # fmt: skip


def index_folder(root: Path, source: str, leave_out: Path | None = None, left_alone: list[str] | None = None) -> list[Entry]:
    """The studies in a folder.

    Args:
        root: the folder.
        source: what the user calls it.
        leave_out: a folder in it that is not looked into: the batch's own output.
        left_alone: takes the names of files that a BIDS dataset keeps beside its images: the same examinations once more.

    Returns:
        entries in the order of their names; one without parts, to be refused, for everything at the top that holds no image.
    """
    folders, unreadable = _by_folder(root, leave_out)
    folders = _without_sources(folders, left_alone)
    groups: dict[str, list[str]] = defaultdict(list)
    zips = []
    for folder, files in folders.items():
        nifti, others = _sorted_out(files)
        zips += [f for f in others if f.basename.lower().endswith(".zip")]
        dicom = _dicom_parts(folder, [f for f in others if not f.basename.lower().endswith(".zip")], alone=not nifti)
        for key, part in dicom:
            groups[key].append(part)
        for key, part in _nifti_parts(folder, nifti, files, alone=not dicom):
            groups[key].append(part)
    groups = _damage_joined(groups)
    entries = [_entry(root, source, sorted(dict.fromkeys(group))) for group in groups.values()]
    entries += [Entry(_join(source, f.name), f.path) for f in zips]
    entries += [Entry(_join(source, name), root / name, refusal=error) for name, error in unreadable.items()]
    parts = [part for group in groups.values() for part in group]
    taken = (*parts, *(f.name for f in zips), *unreadable, *(f.name for f in _sorted_out(folders.get(".", ()))[0]))
    found = {PurePosixPath(name).parts[0] for name in taken if name != "."}
    loose = any(
        key.startswith("dicom:") and (part == "." or ((root / part).parent == root and (root / part).is_file()))
        for key, g in groups.items()
        for part in g
    )
    entries += [Entry(_join(source, name), root / name) for name in _to_refuse(root, found, leave_out, loose_study=loose)]
    return sorted(entries, key=lambda e: e.source)


def _damage_joined(groups: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What is damaged throughout under one name at the top is one entry; beside sound images, each damaged folder is its own."""
    sound = {PurePosixPath(part).parts[:1] for key, parts in groups.items() if not key.startswith("broken:") for part in parts}
    joined: dict[str, list[str]] = defaultdict(list)
    for key, parts in groups.items():
        top = PurePosixPath(parts[0]).parts[:1]
        damaged = key.startswith("broken:") and top not in sound
        joined[f"broken:{'/'.join(top)}" if damaged else key] += parts
    return joined


def _by_folder(root: Path, leave_out: Path | None) -> tuple[dict[str, list[FileRef]], dict[str, TransientFailure]]:
    folders: dict[str, list[FileRef]] = defaultdict(list)
    unreadable: dict[str, TransientFailure] = {}
    inside = _below(root, leave_out)
    for file in walk(root, shipped_rules().side_files.folders, unreadable.__setitem__):
        if inside is None or not PurePosixPath(file.name).is_relative_to(inside):
            folders[file.folder].append(file)
    return folders, unreadable


def _without_sources(folders: dict[str, list[FileRef]], left_alone: list[str] | None) -> dict[str, list[FileRef]]:
    """Without what a BIDS dataset keeps beside its images."""
    images, left = without_sources(file for files in folders.values() for file in files)
    if left_alone is not None:
        left_alone.extend(file.name for file in left)
    kept: dict[str, list[FileRef]] = defaultdict(list)
    for file in images:
        kept[file.folder].append(file)
    return kept


def _below(root: Path, path: Path | None) -> PurePosixPath | None:
    """A path relative to the root, None where it does not lie in it."""
    if path is None or not path.resolve().is_relative_to(root.resolve()) or path.resolve() == root.resolve():
        return None
    return PurePosixPath(path.resolve().relative_to(root.resolve()).as_posix())


def _sorted_out(files: Sequence[FileRef]) -> tuple[list[FileRef], list[FileRef]]:
    """NIfTI images, and whatever else may be an image; our own results are neither."""
    rules = shipped_rules().side_files
    ours = any(file.basename == "result.json" for file in files)
    nifti, others = [], []
    for file in files:
        name = file.basename.lower()
        if name.endswith((".nii", ".nii.gz")):
            side_file = any(fnmatch(name, pattern) for pattern in rules.names) or (ours and is_study_file(name))
            if not side_file:
                nifti.append(file)
        elif not _is_aside(name) and not (ours and name.endswith(".png")):
            others.append(file)
    return nifti, others


def _is_aside(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in _ASIDE)


def _dicom_parts(folder: str, files: Sequence[FileRef], *, alone: bool) -> list[tuple[str, str]]:
    """(study, part) for the DICOM files of one folder; files that promise an image and hold none are a study of their own."""
    if not files:
        return []
    some = [files[round(n * (len(files) - 1) / max(1, _PEEKS - 1))] for n in range(_PEEKS)] if len(files) > _PEEKS else list(files)
    peeked = {file.name: head_of(file) for file in dict.fromkeys(some)}
    studies = {p.study for p in peeked.values() if p.study}
    if len(studies) < 2 and not (studies and all(p.study for p in peeked.values())):
        peeked |= {file.name: head_of(file) for file in files if file.name not in peeked}
        studies = {p.study for p in peeked.values() if p.study}
    if len(studies) == 1 and alone:
        return [(f"dicom:{studies.pop()}", folder)]
    if not studies:
        damaged = [name for name, p in peeked.items() if p.damaged]
        if damaged and alone and folder != ".":
            return [(f"broken:{folder}", folder)]
        return [(f"broken:{name if folder == '.' else folder}", name) for name in damaged]
    if len(studies) > 1:
        peeked |= {file.name: head_of(file) for file in files if file.name not in peeked}
    return list(_each_file(files, peeked, studies))


def _each_file(files: Sequence[FileRef], peeked: Mapping[str, FileHead], studies: set[str]) -> Iterator[tuple[str, str]]:
    only = next(iter(studies)) if len(studies) == 1 else None
    for file in files:
        seen = peeked.get(file.name)
        if only or (seen and seen.study):
            yield f"dicom:{only or (seen and seen.study)}", file.name
        elif seen and seen.damaged:  # its study is not known
            yield f"broken:{file.name}", file.name


def _nifti_parts(folder: str, nifti: Sequence[FileRef], files: Sequence[FileRef], *, alone: bool) -> list[tuple[str, str]]:
    groups: dict[str, list[FileRef]] = defaultdict(list)
    for file in nifti:
        groups[parse_name(file.name).group].append(file)
    if folder == "." and list(groups) == ["."] and _one_each(groups["."]):
        groups = {file.name: [file] for file in nifti}
    if len(groups) == 1 and alone:
        return [(f"nifti:{next(iter(groups))}", folder)]
    sidecars = {file.name for file in files if file.basename.endswith(".json")}
    return [
        (f"nifti:{group}", part)
        for group, members in groups.items()
        for file in members
        for part in (file.name, _sidecar_of(file))
        if part == file.name or part in sidecars
    ]


def _one_each(files: Iterable[FileRef]) -> bool:
    """Loose files at the top whose contrasts repeat are a study each; one water and one fat image are a study together."""
    kinds = [contrast_of_name(file) for file in files]
    return len(kinds) > 1 and len(set(kinds)) < len(kinds)


def _sidecar_of(file: FileRef) -> str:
    return f"{file.name.removesuffix('.gz').removesuffix('.nii')}.json"


def _entry(root: Path, source: str, parts: list[str]) -> Entry:
    if len(parts) == 1 and (root / parts[0]).is_file():
        return Entry(_join(source, parts[0]), root / parts[0])
    common = PurePosixPath(parts[0]) if (root / parts[0]).is_dir() else PurePosixPath(parts[0]).parent
    while not all(PurePosixPath(part).is_relative_to(common) for part in parts):
        common = common.parent
    mixed = [p for p in parts if (root / p).is_file()]
    return Entry(_join(source, mixed[0] if mixed and len(mixed) == len(parts) else str(common)), root, tuple(parts))


def _to_refuse(root: Path, found: set[str], leave_out: Path | None, *, loose_study: bool) -> list[str]:
    """Names at the top without an image that ought to hold some: folders, and files that do not commonly lie beside images."""
    inside = _below(root, leave_out)
    rules = shipped_rules().side_files
    bids = (root / DATASET).is_file()
    names = []
    for path in sorted(root.iterdir()):
        name = path.name.lower()
        if path.name in found or name.startswith(".") or (inside and path.name == inside.parts[0]):
            continue
        if path.is_dir():
            wanted = name not in rules.folders and (not bids or name.startswith("sub-"))
        else:
            wanted = not (loose_study or bids or _is_aside(name) or any(fnmatch(name, pattern) for pattern in rules.names))
        if wanted:
            names.append(path.name)
    return names


def _join(source: str, name: str) -> str:
    return source if name in ("", ".") else f"{source.rstrip('/')}/{name}"
