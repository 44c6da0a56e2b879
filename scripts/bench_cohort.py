"""See `gluteal_grade_lab.bench.batches`."""

from gluteal_grade_lab.bench.batches import main

if __name__ == "__main__":
    main()
