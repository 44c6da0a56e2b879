"""See `gluteal_grade_lab.samples.studies`."""

from gluteal_grade_lab.samples.studies import main

if __name__ == "__main__":
    main()
