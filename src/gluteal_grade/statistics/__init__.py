"""Statistics of numbers alone: agreement, effects, intervals. Nothing here knows muscles, studies or files."""
