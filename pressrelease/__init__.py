"""Publishes press releases at their moment: never early, once, nothing lost, and with proof."""

__version__ = "0.1.0"
