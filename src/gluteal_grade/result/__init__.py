"""The result of one study: its schema, how it is put together, where it came from."""
