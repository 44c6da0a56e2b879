"""Readers: a page to accept or overrule, and the agreement between them."""
