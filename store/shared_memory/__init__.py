"""Where bytes lie: segments, their parts, who reads them, and the disk."""
