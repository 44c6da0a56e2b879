"""See `gluteal_grade_lab.stress.crash`."""

from gluteal_grade_lab.stress.crash import main

if __name__ == "__main__":
    main()
