"""The command line called in this process: its exit code insisted on, and what it said kept."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Sequence
from typing import Any

import pytest

from pressrelease.cli import main


def said(arguments: list[str]) -> tuple[int, str]:
    """A command's exit code, and what it said on both streams; nobody is there to be asked."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    return code, "".join(stream.buffer.getvalue().decode() for stream in (out, err))


class Caller:
    """Calls `main`; `out` and `err` are what the last call said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = ""
        self.err = ""

    def __call__(self, *arguments: str, expect: int | Sequence[int] = 0) -> str:
        self._capsys.readouterr()
        code = main(arguments)
        self.out, self.err = self._capsys.readouterr()
        assert code in ({expect} if isinstance(expect, int) else expect), (
            f"{arguments}: exit {code}\n{self.out}\n{self.err}"
        )
        assert "Traceback" not in self.out + self.err
        return self.out

    def read(self) -> str:
        """What was said on standard output since the last call."""
        return str(self._capsys.readouterr().out)

    def json(self, *arguments: str, expect: int | Sequence[int] | None = None) -> Any:
        """The answer in JSON; `status` may say by its exit code that something is due and nothing runs."""
        if expect is None:
            expect = (0, 10) if arguments[:1] == ("status",) else 0
        return json.loads(self(*arguments, "--json", expect=expect))

    def state(self, slug: str) -> str:
        """Where one release stands."""
        return str(self.json("status", slug)["releases"][0]["state"])

    def reason(self, slug: str) -> str:
        """Why it stands there, in words."""
        return str(self.json("status", slug)["releases"][0]["reason"])
