"""Instants, windows and durations: reading what people type, and saying times back in full.

Pure: the present, the zone and the office's hour are always arguments. A phrase that has more than one
safe reading is refused, with every reading that was possible; nothing is ever guessed.
"""

from __future__ import annotations

from pressrelease.when.embargo import Embargo, EmbargoKind

__all__ = ["Embargo", "EmbargoKind"]
