"""Settings of everything that talks to a PACS: `pacs.yaml`. Secrets are never in it, only where to find them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, model_validator

from gluteal_grade.config import SettingsBase, validated
from gluteal_grade.system import read_by_others

# DICOM PS3.5: at most 16 characters, no backslash, no control character, not blank
AeTitle = Annotated[str, Field(min_length=1, max_length=16, pattern=r"^[!-\[\]-~]([ -\[\]-~]*[!-\[\]-~])?$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0)]


class TlsSettings(SettingsBase):
    """Mutual TLS (PS3.15 B.12, BCP 195): certificate and key of this side, and whom to trust."""

    certificate: Path
    key: Path
    trusted: Path  # PEM bundle of certificate authorities


class Listener(SettingsBase):
    """Where a peer listens; over TLS if this side does."""

    host: str
    port: Port


class LocalSettings(SettingsBase):
    """This program as an application entity."""

    ae_title: AeTitle = "GLUTEAL_GRADE"
    host: str = "127.0.0.1"  # bind address: loopback unless said otherwise
    port: Port = 11112
    peers: tuple[AeTitle, ...] = ()  # calling AE titles that may send; empty: nobody
    addresses: tuple[str, ...] = ()  # IP addresses or networks they may come from; empty: any
    tls: TlsSettings | None = None
    max_associations: Annotated[int, Field(ge=1, le=200)] = 16
    idle_s: Seconds = 60.0  # an association that says nothing for so long is ended
    max_pdu: Annotated[int, Field(ge=4096, le=131072)] = 131072
    memory_mb: Annotated[int, Field(ge=16)] = 1024  # of messages being received, all associations together; an enhanced MR has hundreds
    # where storage commitment is answered; who is not in it gets it on the association that asked
    listeners: dict[AeTitle, Listener] = Field(default_factory=dict)


class ReceiveSettings(SettingsBase):
    """What is done with what arrives."""

    inbox: Path
    quiet_s: Seconds = 30.0  # a study is whole when nothing came for so long
    min_free_gb: Annotated[float, Field(ge=0)] = 5.0  # below it images are refused for want of space (status A700)
    max_images: Annotated[int, Field(ge=1)] = 20000  # of one study: a sender gone mad does not fill the disk
    keep_days: Annotated[float, Field(ge=0)] = 7.0  # images of a study that is done are deleted after so long


class PeerSettings(SettingsBase):
    """Another application entity."""

    ae_title: AeTitle
    host: str
    port: Port
    tls: TlsSettings | None = None
    tls_name: str | None = None  # name in its certificate, where that is not `host`
    timeout_s: Seconds = 30.0  # for connecting, and the longest silence in all that follows


class WebSettings(SettingsBase):
    """A DICOMweb server (PS3.18)."""

    url: Annotated[str, Field(pattern=r"^https?://")]
    user_env: str | None = None  # name of the environment variable that holds the user
    password_env: str | None = None
    token_env: str | None = None  # bearer token
    secrets: Path | None = None  # YAML with user, password or token instead; mode 0600
    ca_bundle: Path | None = None
    certificate: Path | None = None  # of this side, where the server asks for one (PEM); `key` may be in the same file
    key: Path | None = None
    timeout_s: Seconds = 30.0


class QuerySettings(SettingsBase):
    """Which studies are asked for."""

    modalities: tuple[str, ...] = ("MR", "CT")
    body_parts: tuple[str, ...] = ()  # BodyPartExamined, any of these; empty: any
    descriptions: tuple[str, ...] = ("*pelvis*", "*hip*", "*becken*", "*huefte*", "*hüfte*")  # StudyDescription, wildcards; empty: any
    days: Annotated[int, Field(ge=1)] = 1  # of the first night; later ones ask since the last success
    overlap_days: Annotated[int, Field(ge=0)] = 1  # asked for again: studies are sent late
    max_studies: Annotated[int, Field(ge=1)] = 500  # a night; the rest is told and comes next
    retrieve: Literal["get", "move", "web"] = "get"
    move_to: AeTitle | None = None  # C-MOVE: AE title and port the images are sent to, where not those of `local`;
    move_port: Port | None = None  # a receiver that runs at the same time has the port of `local` already
    priors: Annotated[int, Field(ge=0, le=10)] = 1  # earlier studies of the patient fetched for comparison


class RetrySettings(SettingsBase):
    """How often, and after what pauses, failures are tried again."""

    attempts: Annotated[int, Field(ge=1)] = 4
    first_s: Seconds = 5.0
    factor: Annotated[float, Field(ge=1)] = 3.0
    longest_s: Seconds = 300.0

    def delays(self) -> tuple[float, ...]:
        """Seconds to wait before each further attempt."""
        return tuple(min(self.longest_s, self.first_s * self.factor**n) for n in range(self.attempts - 1))


class PacsSettings(SettingsBase):
    """`pacs.yaml`; see configs/pacs.example.yaml."""

    local: LocalSettings = LocalSettings()
    receive: ReceiveSettings | None = None
    pacs: PeerSettings | None = None  # DIMSE: query, retrieve, store
    web: WebSettings | None = None  # DICOMweb: QIDO, WADO, STOW
    send_by: Literal["store", "web"] = "store"
    query: QuerySettings = QuerySettings()
    retry: RetrySettings = RetrySettings()
    out: Path
    send: tuple[Literal["seg", "sr", "sc", "pdf", "fat_map"], ...] = ("seg", "sr", "sc")
    send_refused: bool = False  # a report of the refusal too
    reject_superseded: bool = False  # tell the PACS to reject results of ours that newer ones replace (IHE IOCM)

    @model_validator(mode="after")
    def _someone_to_talk_to(self) -> PacsSettings:
        if self.web is None and "web" in (self.query.retrieve, self.send_by):
            raise ValueError("retrieve or send_by is web: `web` must say where")
        return self


def load_pacs_settings(path: Path) -> PacsSettings:
    """Read `pacs.yaml`; its paths are relative to it.

    Raises:
        ValueError: it cannot be read, or a key is unknown or has a bad value.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ValueError(f"{path.name} cannot be read as YAML ({type(error).__name__})") from None
    if not isinstance(data, dict):
        raise ValueError(f"{path.name} is no YAML mapping of keys to values")
    return _absolute(validated(PacsSettings, data, path.name), path.parent.absolute())


def secret(settings: WebSettings, what: Literal["user", "password", "token"]) -> str | None:
    """From the environment, or from a file that only its owner may read.

    Raises:
        ValueError: the variable is not set, the file is missing, readable by others, or lacks the value.
    """
    name = {"user": settings.user_env, "password": settings.password_env, "token": settings.token_env}[what]
    if name is not None:
        if not os.environ.get(name):
            raise ValueError(f"environment variable {name} is not set")
        return os.environ[name]
    if settings.secrets is None:
        return None
    try:
        if read_by_others(settings.secrets):
            raise ValueError(f"{settings.secrets.name} may be read by others: chmod 600")
        found = yaml.safe_load(settings.secrets.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ValueError(f"{settings.secrets.name} cannot be read ({type(error).__name__})") from None
    value = found.get(what) if isinstance(found, dict) else None
    return None if value is None else str(value)


def _absolute(part: SettingsBase, folder: Path) -> PacsSettings:
    def turned(value: SettingsBase) -> SettingsBase:
        paths = {name: folder / one for name, one in value if isinstance(one, Path)}
        parts = {name: turned(one) for name, one in value if isinstance(one, SettingsBase)}
        return value.model_copy(update=paths | parts)

    found = turned(part)
    assert isinstance(found, PacsSettings)
    return found
