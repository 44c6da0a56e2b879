"""`python -m gluteal_grade`: the same as `gluteal-grade`."""

from gluteal_grade.cli import main

if __name__ == "__main__":
    main()
