"""Formats for a release or a list of releases: Atom, e-mail, ninjs, NewsML-G2, Word. Pure."""
