"""The report of one study: one HTML file that needs nothing else. See docs/reference/report.md."""

from __future__ import annotations

from gluteal_grade.report.html.prior import Prior, PriorRow
from gluteal_grade.report.html.write import write_report

__all__ = ["Prior", "PriorRow", "write_report"]
