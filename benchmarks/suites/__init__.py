"""What is measured: one file a suite, one class a job, in the shape that asv runs too."""
