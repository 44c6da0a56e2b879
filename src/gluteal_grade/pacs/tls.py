"""Mutual TLS: both sides show a certificate (PS3.15 B.12, BCP 195)."""

from __future__ import annotations

import ssl

from gluteal_grade.pacs.config import TlsSettings

_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM"  # of TLS 1.2; those of 1.3 are all good


def server_context(settings: TlsSettings) -> ssl.SSLContext:
    """For the side that listens: peers without a certificate of a trusted authority are turned away.

    Raises:
        ValueError: a file is missing, unreadable, or key and certificate do not belong together.
    """
    return _filled(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), settings)


def client_context(settings: TlsSettings) -> ssl.SSLContext:
    """For the side that calls: the peer's certificate must be trusted and name the host that was called.

    Raises:
        ValueError: a file is missing, unreadable, or key and certificate do not belong together.
    """
    return _filled(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), settings)


def _filled(context: ssl.SSLContext, settings: TlsSettings) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_ciphers(_CIPHERS)
    try:
        # an empty password: a key with one must fail here and not wait for someone to type
        context.load_cert_chain(settings.certificate, settings.key, password="")
    except (OSError, ValueError) as error:
        raise ValueError(f"TLS certificate or key cannot be used ({_words(error)})") from None
    try:
        context.load_verify_locations(settings.trusted)
    except (OSError, ValueError) as error:
        raise ValueError(f"trusted TLS authorities cannot be read ({_words(error)})") from None
    return context


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or "not PEM, or they do not belong together"
    return type(error).__name__
