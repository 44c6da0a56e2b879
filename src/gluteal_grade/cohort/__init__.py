"""Many studies: what is to be done, who does it, its outcome, and the tables and pages at the end."""
