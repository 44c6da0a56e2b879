"""See `gluteal_grade_lab.gallery.studies`."""

from gluteal_grade_lab.gallery.studies import main

if __name__ == "__main__":
    main()
