"""The status of a release and its reason, as rows, words and JSON."""
