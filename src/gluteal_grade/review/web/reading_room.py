"""What the server holds while it runs."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gluteal_grade.review.catalogue import Catalogue, Listed
from gluteal_grade.review.correction import UPLOAD_LIMIT
from gluteal_grade.review.corrections import Corrections
from gluteal_grade.review.model import Session
from gluteal_grade.review.order import Order, ordered
from gluteal_grade.review.store import Store
from gluteal_grade.review.web.stacks import Stacks

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Seat:
    """One reader at this server.

    Attributes:
        session: who reads, and how.
        token: what the reader's link holds; empty where none is asked for.
    """

    session: Session
    token: str = field(default="", repr=False)

    @property
    def cookie(self) -> str:
        """What the browser shows instead of the token; the same again after a restart with the same token."""
        return hmac.new(self.token.encode(), b"cookie", hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class ReadingRoom:
    """One output folder and its readers.

    Attributes:
        out: the output folder.
        catalogue, store, corrections, stacks: what pages show and store.
        seats: the readers; one without a token is alone.
        hosts: names by which the server may be called, without port, lower case.
        port: it listens on.
        data: folder of images, or None.
        max_upload: bytes of a corrected label map.
        secret: of this run, for what pages send back.
    """

    out: Path
    catalogue: Catalogue
    store: Store
    corrections: Corrections
    stacks: Stacks
    seats: Sequence[Seat]
    hosts: frozenset[str] = frozenset(LOOPBACK)
    port: int = 0
    data: Path | None = None
    max_upload: int = UPLOAD_LIMIT
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @property
    def cookie_name(self) -> str:
        """Cookies know no ports: without it two servers of one machine would take each other's."""
        return f"gluteal_review_{self.port}"

    def csrf(self, seat: Seat) -> str:
        """What a page of this reader sends with everything it stores."""
        session = seat.session
        words = f"{session.reader}/{session.read}/{session.blinded}/{seat.token}"
        return hmac.new(self.secret, words.encode(), hashlib.sha256).hexdigest()

    def seat_of_token(self, token: str) -> Seat | None:
        """The reader whose link this is; takes as long for a wrong token."""
        return self._match({seat.token: seat for seat in self.seats if seat.token}, token)

    def seat_of_cookie(self, cookie: str) -> Seat | None:
        """The reader whose cookie this is; the only reader where no token is asked for."""
        if len(self.seats) == 1 and not self.seats[0].token:
            return self.seats[0]
        return self._match({seat.cookie: seat for seat in self.seats if seat.token}, cookie)

    def order(self, session: Session, order: Order = Order.NEED) -> tuple[Listed, ...]:
        """The studies as this reader sees them."""
        return ordered(self.catalogue.listed, session, order)

    def close(self) -> None:
        """Stop what runs beside the server."""
        self.stacks.close()
        self.corrections.close()
        self.store.close()

    @staticmethod
    def _match(secrets_of: Mapping[str, Seat], given: str) -> Seat | None:
        found = None
        for secret, seat in secrets_of.items():
            if hmac.compare_digest(secret.encode(), given.encode("utf-8", "surrogatepass")):
                found = seat
        return found
