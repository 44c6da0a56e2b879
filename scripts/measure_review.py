"""See `gluteal_grade_lab.bench.review_store`."""

from gluteal_grade_lab.bench.review_store import main

if __name__ == "__main__":
    main()
