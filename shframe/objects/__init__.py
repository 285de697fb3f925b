"""The object store as users see it: put, get, wait, publish, attach."""
