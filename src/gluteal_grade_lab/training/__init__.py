"""Training of the segmenter on synthetic contrast (SynthSeg: Billot et al. 2023, 10.1016/j.media.2023.102789)."""
