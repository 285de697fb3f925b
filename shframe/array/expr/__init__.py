"""The nodes of an array expression, and the programs that elementwise nodes hold."""
