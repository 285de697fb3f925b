"""The engines for questions about tables, behind one face."""
