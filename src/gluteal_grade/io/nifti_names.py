"""What a NIfTI label map says of its own values: the label table that TotalSegmentator, Caret and others put into a header extension."""

from __future__ import annotations

import html
import re
from pathlib import Path

from gluteal_grade.io.nifti import read_extensions

# no XML parser: the table is from outside, and nothing but these elements is wanted of it
_LABEL = re.compile(rb'<Label\b[^>]{0,400}?\bKey="(\d{1,6})"[^>]{0,400}>\s*(?:<!\[CDATA\[)?([^<\]]{1,200})', re.IGNORECASE)


def label_names(path: Path) -> dict[int, str]:
    """Voxel value to its name; empty where the file has no label table.

    Raises:
        RefusedInput: `empty_file`, `unreadable_nifti`.
        TransientFailure: `read_failed`.
    """
    found = _LABEL.findall(read_extensions(path))
    return {int(key): html.unescape(name.decode("utf-8", "replace")).strip() for key, name in found}
