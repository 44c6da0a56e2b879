"""See `gluteal_grade_lab.bench.receiving`."""

from gluteal_grade_lab.bench.receiving import main

if __name__ == "__main__":
    main()
