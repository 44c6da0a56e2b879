"""Faults of files, zips and NIfTI containers."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import struct
import zipfile
from pathlib import Path
from random import Random

from gluteal_grade_lab.fuzz.headers import Fault
from gluteal_grade_lab.fuzz.seeds import Case


def _images(case: Case) -> list[Path]:
    return [case.images] if case.images.is_file() else sorted(p for p in case.images.rglob("*") if p.is_file() and p.suffix != ".json")


def _cut(case: Case, rng: Random) -> None:
    path = rng.choice(_images(case))
    path.write_bytes(path.read_bytes()[: rng.choice((0, 100, 132, 400, path.stat().st_size // 2, path.stat().st_size - 8))])


def _bytes_changed(case: Case, rng: Random) -> None:
    path = rng.choice(_images(case))
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 4, 64))):
        data[rng.randrange(len(data))] = rng.randrange(256)
    path.write_bytes(bytes(data))


def _header_bytes_changed(case: Case, rng: Random) -> None:
    path = rng.choice(_images(case))
    data = bytearray(path.read_bytes())
    for _ in range(4):
        data[rng.randrange(min(1200, len(data)))] = rng.randrange(256)
    path.write_bytes(bytes(data))


def _gone(case: Case, rng: Random) -> None:
    rng.choice(_images(case)).unlink()


def _copied(case: Case, rng: Random) -> None:
    path = rng.choice(_images(case))
    shutil.copy(path, path.with_name(f"{path.name.split('.')[0]}_copy.{path.name.split('.', 1)[1]}"))


def _renamed(case: Case, rng: Random) -> None:
    """Names in another order, one of them not UTF-8."""
    files = [path for path in _images(case) if path != case.images]
    order = rng.sample(range(len(files)), len(files))
    for n, path in zip(order, files, strict=True):
        path.rename(path.with_name(f"{n:05d}_{path.name}"))
    for path in case.images.rglob("00000_*"):
        path.rename(os.fsdecode(bytes(path.parent) + b"/\xfc" + os.fsencode(path.name)))


def _strangers(case: Case, rng: Random) -> None:
    for name, data in (("DICOMDIR", b"\0" * 200), ("notes.txt", b"x"), ("core", rng.randbytes(5000)), ("Thumbs.db", b"\xd0\xcf")):
        (case.images / name).write_bytes(data)
    (case.images / "link").symlink_to("nowhere")


DICOM: dict[str, Fault] = {
    "file cut": _cut,
    "file bytes changed": _bytes_changed,
    "file header bytes changed": _header_bytes_changed,
    "file gone": _gone,
    "file copied": _copied,
    "files renamed": _renamed,
    "strange files beside": _strangers,
}


def _nifti(case: Case, rng: Random) -> Path:
    return rng.choice(sorted(case.images.rglob("*.nii.gz")))


def _field(offset: int, layout: str, *values: float) -> Fault:
    """A field of the NIfTI-1 header (348 bytes, little endian)."""

    def fault(case: Case, rng: Random) -> None:
        for path in sorted(case.images.rglob("*.nii.gz")) if rng.random() < 0.5 else [_nifti(case, rng)]:
            raw = bytearray(gzip.decompress(path.read_bytes()))
            struct.pack_into(layout, raw, offset, *([rng.choice(values)] * (len(layout) - 1)))
            path.write_bytes(gzip.compress(bytes(raw), mtime=0))

    return fault


def _flipped(row: int) -> Fault:
    """One row of the sform with the other sign: it contradicts the qform."""

    def fault(case: Case, rng: Random) -> None:
        path = _nifti(case, rng)
        raw = bytearray(gzip.decompress(path.read_bytes()))
        old = struct.unpack_from("<4f", raw, 280 + 16 * row)
        struct.pack_into("<4f", raw, 280 + 16 * row, *(-v for v in old))
        path.write_bytes(gzip.compress(bytes(raw), mtime=0))

    return fault


def _checksum(case: Case, rng: Random) -> None:
    path = _nifti(case, rng)
    data = bytearray(path.read_bytes())
    data[-8] ^= 0xFF
    path.write_bytes(bytes(data))


def _raw_voxels(case: Case, rng: Random) -> None:
    path = _nifti(case, rng)
    raw = bytearray(gzip.decompress(path.read_bytes()))
    at = rng.randrange(352, len(raw) - 4000)
    raw[at : at + 4000] = bytes(4000)
    path.write_bytes(gzip.compress(bytes(raw), mtime=0))


def _sidecar(case: Case, rng: Random) -> None:
    path = rng.choice(sorted(case.images.rglob("*.json")))
    told = json.loads(path.read_text())
    told |= rng.choice(
        ({"EchoTime": 0.08}, {"RepetitionTime": 9}, {"Manufacturer": "Philips", "PhilipsRescaleSlope": 2.5}, {"FlipAngle": 90})
    )
    path.write_text(rng.choice((json.dumps(told), json.dumps(told)[:-5], "[]", "")))


NIFTI: dict[str, Fault] = {
    **{name: DICOM[name] for name in ("file cut", "file bytes changed", "file gone", "file copied", "strange files beside")},
    "nifti scl_slope": _field(112, "<f", 2.0, -1.0, 0.0, float("nan"), 1e9),
    "nifti scl_inter": _field(116, "<f", 100.0, -100.0, float("nan")),
    "nifti vox_offset": _field(108, "<f", 0.0, 1.0, 348.0, 400.0, float("nan"), 1e9),
    "nifti datatype": _field(70, "<h", 2, 8, 16, 99),
    "nifti dim": _field(42, "<h", 1, 7, -5, 32000),
    "nifti pixdim": _field(80, "<f", 3.0, 0.0, -6.0, float("inf")),
    "nifti units": _field(123, "<b", 0, 1, 3),
    "nifti qform code": _field(252, "<h", 0, 3),
    "nifti sform code": _field(254, "<h", 0, 3),
    "nifti sform x reversed": _flipped(0),
    "nifti sform z reversed": _flipped(2),
    "nifti gzip checksum": _checksum,
    "nifti voxels zero": _raw_voxels,
    "nifti sidecar": _sidecar,
}


def _member(case: Case, rng: Random, how: str) -> None:
    with zipfile.ZipFile(case.images) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    name = rng.choice(sorted(members))
    if how == "nested":
        inner = case.images.with_suffix(".inner")
        shutil.move(case.images, inner)
        members = {"inner.zip": inner.read_bytes()}
        inner.unlink()
    elif how == "gone":
        del members[name]
    elif how == "outside":
        members["../../outside.dcm"] = members.pop(name)
    else:
        members[name] = members[name][: len(members[name]) // 2]
    with zipfile.ZipFile(case.images, "w", zipfile.ZIP_DEFLATED) as packed:
        for each, data in members.items():
            packed.writestr(each, data)


ZIP: dict[str, Fault] = {
    "file cut": _cut,
    "file bytes changed": _bytes_changed,
    "zip nested": lambda case, rng: _member(case, rng, "nested"),
    "zip member gone": lambda case, rng: _member(case, rng, "gone"),
    "zip member cut": lambda case, rng: _member(case, rng, "cut"),
    "zip member outside": lambda case, rng: _member(case, rng, "outside"),
}
