"""See `gluteal_grade_lab.measuring.bias`."""

from gluteal_grade_lab.measuring.bias import main

if __name__ == "__main__":
    main()
