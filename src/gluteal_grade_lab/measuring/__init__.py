"""One program a question: how far off is one method, constant or interval. Tables for the docs."""
