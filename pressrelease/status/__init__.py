"""Where a release stands and why, as rows, words and JSON."""
