"""From a fat map and a label map to numbers with intervals."""
