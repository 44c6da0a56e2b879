"""Many studies: what is to be done, who does it, what became of it, and the tables and pages at the end."""
