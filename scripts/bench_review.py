"""See `gluteal_grade_lab.bench.review_app`."""

from gluteal_grade_lab.bench.review_app import main

if __name__ == "__main__":
    main()
