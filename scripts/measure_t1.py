"""See `gluteal_grade_lab.measuring.t1`."""

from gluteal_grade_lab.measuring.t1 import main

if __name__ == "__main__":
    main()
