"""Agreement between readers, with the program, and of a reader with themselves: from a table of ratings to a report."""
