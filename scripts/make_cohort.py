"""See `gluteal_grade_lab.samples.cohort`."""

from gluteal_grade_lab.samples.cohort import main

if __name__ == "__main__":
    main()
