"""How many examples a property is tried with: few in the quick tests, forty times as many by `.ci/run properties`."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings

#: Examples of a property that names no number of its own, in the quick tests and in the night.
QUICK, THOROUGH = 50, 2000

settings.register_profile("quick", deadline=None, max_examples=QUICK, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", deadline=None, max_examples=THOROUGH, suppress_health_check=list(HealthCheck))
settings.register_profile("repeatable", settings.get_profile("quick"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def examples(quick: int, **more: Any) -> settings:
    """Try a property with `quick` examples in the quick tests, and with as many times more as the profile says."""
    return settings(max_examples=quick * settings.default.max_examples // QUICK, **more)
