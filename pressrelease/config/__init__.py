"""config.toml as frozen values, with every default in one place and every secret by reference.

`settings` has the values and their defaults. `sections` and `outlet_keys` have one row for each key: what may be
written there. `loading` checks a text against these rows; `sample` writes a config from them.
"""

from __future__ import annotations

from pressrelease.config.loading import read_config
from pressrelease.config.settings import (
    STORE_URL,
    ClearanceRule,
    ClockRules,
    Config,
    JournalRules,
    Notify,
    Office,
    OutletConfig,
    Policy,
    PromiseRules,
    Retry,
    SecretReference,
    SecretSource,
)

__all__ = [
    "STORE_URL",
    "ClearanceRule",
    "ClockRules",
    "Config",
    "JournalRules",
    "Notify",
    "Office",
    "OutletConfig",
    "Policy",
    "PromiseRules",
    "Retry",
    "SecretReference",
    "SecretSource",
    "read_config",
]
