"""Exit codes of every command: scripts and nightly jobs rely on them."""

GRADED = 0
FAILED = 1  # a fault of the machine or the program: trying again may help
REFUSED = 2  # this input cannot be graded
PARTLY_GRADED = 3  # graded, but a side or a muscle is missing, not gradable or cut by the field of view
USAGE = 64  # the command line itself is wrong (sysexits.h EX_USAGE)
