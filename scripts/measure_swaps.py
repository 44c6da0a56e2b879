"""See `gluteal_grade_lab.measuring.swaps`."""

from gluteal_grade_lab.measuring.swaps import main

if __name__ == "__main__":
    main()
