"""See `gluteal_grade_lab.validation.command`."""

from gluteal_grade_lab.validation.command import main

if __name__ == "__main__":
    main()
