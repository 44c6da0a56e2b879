"""Fault injection: small studies, spoilt in one way each, and what the program makes of them."""
