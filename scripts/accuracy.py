"""See `gluteal_grade_lab.measuring.accuracy`."""

from gluteal_grade_lab.measuring.accuracy import main

if __name__ == "__main__":
    main()
