"""See `gluteal_grade_lab.measuring.levels`."""

from gluteal_grade_lab.measuring.levels import main

if __name__ == "__main__":
    main()
