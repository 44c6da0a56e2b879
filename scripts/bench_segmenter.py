"""See `gluteal_grade_lab.bench.segmenter`."""

from gluteal_grade_lab.bench.segmenter import main

if __name__ == "__main__":
    main()
