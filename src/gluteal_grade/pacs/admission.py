"""Who may come in: addresses, AE titles, and how many at once."""

from __future__ import annotations

import ipaddress
import threading
from enum import StrEnum
from typing import Any

from gluteal_grade.pacs.config import LocalSettings


class NotAdmitted(StrEnum):
    """Why an association was rejected."""

    CALLING = "calling_ae_title"
    CALLED = "called_ae_title"
    FULL = "associations"
    STOPPING = "stopping"

    @property
    def answer(self) -> tuple[int, int, int]:
        """Result, source and reason of the A-ASSOCIATE-RJ (PS3.8 9.3.4)."""
        return {
            NotAdmitted.CALLING: (1, 1, 3),  # permanent: calling AE title not recognised
            NotAdmitted.CALLED: (1, 1, 7),  # permanent: called AE title not recognised
            NotAdmitted.FULL: (2, 3, 2),  # transient: local limit exceeded
            NotAdmitted.STOPPING: (2, 3, 1),  # transient: temporary congestion
        }[self]


class Admission:
    """Whether this caller may open an association.

    Args:
        settings: who we are and whom we know.

    Raises:
        ValueError: an entry of `addresses` is no IP address or network.
    """

    def __init__(self, settings: LocalSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._inside: set[int] = set()
        self.stopping = False
        try:
            self._networks = [ipaddress.ip_network(one, strict=False) for one in settings.addresses]
        except ValueError:
            raise ValueError("local.addresses: an entry is no IP address or network such as 10.1.0.0/16") from None

    def knows(self, address: str) -> bool:
        """May this IP address connect?"""
        if not self._networks:
            return True
        found = ipaddress.ip_address(address.split("%")[0])
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self._networks)

    def admit(self, association: Any) -> NotAdmitted | None:
        """Let an association in that was asked for, or say why not; `leave` when it has ended."""
        asked = association.requestor.primitive
        if asked.calling_ae_title.strip() not in self._settings.peers:
            return NotAdmitted.CALLING
        if asked.called_ae_title.strip() != self._settings.ae_title:
            return NotAdmitted.CALLED
        with self._lock:
            if self.stopping:
                return NotAdmitted.STOPPING
            if len(self._inside) >= self._settings.max_associations:
                return NotAdmitted.FULL
            self._inside.add(id(association))
        return None

    def leave(self, association: Any) -> bool:
        """It has ended; False if it never was inside."""
        with self._lock:
            inside = id(association) in self._inside
            self._inside.discard(id(association))
            return inside

    def inside(self) -> int:
        """How many associations there are."""
        with self._lock:
            return len(self._inside)
