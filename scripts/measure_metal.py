"""See `gluteal_grade_lab.measuring.metal`."""

from gluteal_grade_lab.measuring.metal import main

if __name__ == "__main__":
    main()
