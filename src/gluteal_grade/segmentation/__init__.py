"""Where the labels come from."""
