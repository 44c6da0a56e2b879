"""Hip implants: what the header and the picture say, on which side, and which voxels beside them are not measured."""
