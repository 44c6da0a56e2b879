"""Digital reference object: procedural pelvis, MR signal with real physics, exact truth."""
