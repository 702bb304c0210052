"""Other ways to write a release or a list of them: Atom, and what else readers ask for. Pure."""
