"""See `gluteal_grade_lab.measuring.dixon`."""

from gluteal_grade_lab.measuring.dixon import main

if __name__ == "__main__":
    main()
