"""See `gluteal_grade_lab.measuring.ordinal`."""

from gluteal_grade_lab.measuring.ordinal import main

if __name__ == "__main__":
    main()
