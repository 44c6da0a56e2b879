"""Numbers to grades, by scales read from `configs/grading.yaml`."""
