"""Whole training bodies from incomplete label maps: grafts between bodies, bones, insides, the outline under the skin."""
