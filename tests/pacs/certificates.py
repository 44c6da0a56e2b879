"""Certificates made on the spot by openssl; each is for its name under .test."""

from __future__ import annotations

import subprocess
from pathlib import Path

Pair = tuple[Path, Path]  # certificate, key


def authority(folder: Path, name: str) -> Pair:
    """A certificate authority."""
    certificate, key = folder / f"{name}-ca.pem", folder / f"{name}-ca.key"
    _run(["req", "-x509", "-subj", f"/CN={name}", "-out", certificate, *_new(key)])
    return certificate, key


def certificate(folder: Path, name: str, by: Pair, address: str = "") -> Pair:
    """A certificate for `name`.test, and for an IP address where one is given."""
    request, made, key, names = (folder / f"{name}.{end}" for end in ("csr", "pem", "key", "names"))
    names.write_text(f"subjectAltName=DNS:{name}.test" + (f",IP:{address}" if address else ""))
    _run(["req", "-subj", f"/CN={name}.test", "-out", request, *_new(key)])
    _run(["x509", "-req", "-in", request, "-CA", by[0], "-CAkey", by[1], "-CAcreateserial", "-extfile", names, "-out", made, "-days", "2"])
    return made, key


def _new(key: Path) -> list[str | Path]:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key]


def _run(arguments: list[str | Path]) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
