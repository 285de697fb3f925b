"""Objects for processes outside of the session."""
