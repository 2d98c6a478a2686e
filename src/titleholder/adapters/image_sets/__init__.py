"""Public image data sets as they are distributed, read from a directory that the user has."""
