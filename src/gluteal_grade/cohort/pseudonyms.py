"""Patients and dates without telling who and when: the same name and the same distance in days within one output folder."""

from __future__ import annotations

import datetime
import hmac


class Pseudonyms:
    """Made with a secret that lies in the ledger of one output folder, so that a list of numbers made elsewhere does not fit.

    Args:
        salt: hexadecimal.
    """

    def __init__(self, salt: str) -> None:
        self._salt = bytes.fromhex(salt)

    def patient_and_day(self, patient: str | None, date: datetime.date | None) -> tuple[str | None, int | None]:
        """``"P"`` and ten hex digits, and a day number shifted by a distance of the patient's own; None for what is not known."""
        if not patient:
            return None, None
        digest = hmac.digest(self._salt, patient.encode(), "sha256")
        shift = int.from_bytes(digest[8:12], "big") % 36525
        return f"P{digest[:5].hex()}", date.toordinal() + shift if date else None
