"""Drawing of values and labels: palette, figures, forest plots, strips. Nothing here knows studies or files of a cohort."""
