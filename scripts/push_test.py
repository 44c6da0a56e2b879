"""See `gluteal_grade_lab.stress.push`."""

from gluteal_grade_lab.stress.push import main

if __name__ == "__main__":
    main()
