"""See `gluteal_grade_lab.bench.speed`."""

from gluteal_grade_lab.bench.speed import main

if __name__ == "__main__":
    main()
