"""Images in, voxelwise fat fraction out."""
