"""Discovery and reading: folders, zips and files in, `Study` and `Volume` out."""
