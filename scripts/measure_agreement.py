"""See `gluteal_grade_lab.measuring.agreement`."""

from gluteal_grade_lab.measuring.agreement import main

if __name__ == "__main__":
    main()
