"""Methods of frames and series by chapter: a node in, a node out."""
