"""Two or more studies of one patient: what changed, how sure that is, and what cannot be compared. See docs/howto/longitudinal.md."""
