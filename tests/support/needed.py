"""What tests need beyond `pip install -e .`: on a newcomer's machine a test without it is skipped, in CI it fails.

`.ci/run` sets CI=true. Every skip for want of a program or a package is decided here.
"""

from __future__ import annotations

import importlib
import os
import shutil
from types import ModuleType
from typing import NoReturn

import pytest


def unavailable(words: str) -> NoReturn:
    """Skip the test, or fail it in CI. `words` say what is missing and what to install."""
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)


def needs_program(name: str, package: str, path: str | None = None) -> str:
    """Return where a program is, which the Debian package `package` installs."""
    found = shutil.which(name, path=path)
    return found or unavailable(f"{name} is not installed. To install it: `apt-get install {package}`.")


def needs_module(name: str) -> ModuleType:
    """Return a module that the extra `test` installs."""
    try:
        return importlib.import_module(name)
    except ImportError:
        unavailable(f"{name} can't be imported. To install it: `pip install -e '.[test]'`.")
