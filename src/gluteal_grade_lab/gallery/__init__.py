"""The pictures of docs/reference/gallery.md."""
