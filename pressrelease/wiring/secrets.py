"""Read the secrets that config.toml refers to: a variable, a private file, the keyring. No error shows a value."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pressrelease.config import SecretReference, SecretSource
from pressrelease.errors import ConfigRefused, Problem
from pressrelease.system.accounts import PRIVATE, is_shared

#: The largest file with a secret, in bytes.
LARGEST_SECRET = 1 << 16

_PUT_IT_THERE = "Put the secret there, or ask your IT person to do it."


def in_full(value: object, secret: Callable[[SecretReference], str]) -> object:
    """Return a setting with every secret in place of its reference."""
    if isinstance(value, SecretReference):
        return secret(value)
    if isinstance(value, Mapping):
        return {str(key): in_full(inner, secret) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [in_full(inner, secret) for inner in value]
    return value


def resolve(reference: SecretReference, folder: Path) -> str:
    """Return a secret's value; a relative file is in `folder`. Raises ConfigRefused, without the value."""
    where = f"{reference.source.value} {reference.name}"
    if reference.source is SecretSource.ENV:
        value = os.environ.get(reference.name, "")
    elif reference.source is SecretSource.FILE:
        value = _secret_file(folder / reference.name, where, folder / PRIVATE)
    else:
        value = _from_keyring(reference.name, where)
    if not value.strip():
        raise ConfigRefused([Problem(0, f"the secret in {where} is missing or empty", _PUT_IT_THERE)])
    return value.strip()


def _secret_file(path: Path, where: str, private: Path) -> str:
    """Return a file's text, if nobody but its owner, and the group that shares the workspace, may read it.

    The open file is checked, not its path.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        try:
            found = os.fstat(descriptor)
            forbidden = 0o007 if is_shared(private) and found.st_gid == private.stat().st_gid else 0o077
            if sys.platform != "win32" and stat.S_IMODE(found.st_mode) & forbidden:
                raise ConfigRefused(
                    [
                        Problem(
                            0,
                            f"other accounts on this machine can read the secret in {where}",
                            f"chmod 600 {path.name}",
                        )
                    ]
                )
            if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_SECRET:
                raise OSError("not a plain file that holds a secret")
            return os.read(descriptor, LARGEST_SECRET).decode("utf-8-sig")
        finally:
            os.close(descriptor)
    except (OSError, UnicodeDecodeError):
        raise ConfigRefused([Problem(0, f"the secret in {where} can't be read", _PUT_IT_THERE)]) from None


def _from_keyring(name: str, where: str) -> str:
    try:
        import keyring
    except ImportError:
        hint = "pip install 'pressrelease[keyring]'"
        raise ConfigRefused([Problem(0, f"{where} needs the keyring package", hint)]) from None
    service, _, user = name.rpartition("/")
    try:
        return keyring.get_password(service, user) or ""
    except Exception:  # noqa: BLE001  (each backend has its own; the value must not be in what we say)
        raise ConfigRefused([Problem(0, f"the keyring did not hand over {where}", _PUT_IT_THERE)]) from None
