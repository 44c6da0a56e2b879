"""HTML pages from templates: everything is escaped, and a name that is not there is an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def environment(*packages: str, finalize: Callable[[object], object] | None = None) -> Any:
    """A jinja2 environment.

    Args:
        packages: those whose `templates` are looked through, in this order.
        finalize: is given every value before it is escaped.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=ChoiceLoader([PackageLoader(package, "templates") for package in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
