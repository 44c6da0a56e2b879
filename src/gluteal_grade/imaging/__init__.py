"""Tools on images that know no method of measuring: body mask, planes, distances, what a field of view cuts."""
