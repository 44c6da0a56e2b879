"""Speed and memory of the program, for docs and `make bench`."""
