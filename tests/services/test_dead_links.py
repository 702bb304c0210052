"""`check --links`: sites that a release links to, asked on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from calling import Caller
from office import FAR, found_office


@pytest.fixture
def site() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            codes = {"/gone": 404, "/shy": 403, "/get-only": 405 if self.command == "HEAD" else 200}
            self.send_response(codes.get(self.path, 200))
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815  (http.server asks for this name)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_only_links_that_lead_nowhere_are_found_and_only_when_asked(
    tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch, site: tuple[str, list[str]]
) -> None:
    address, asked = site
    office = found_office(tmp_path / "office")
    monkeypatch.chdir(office.folder)
    monkeypatch.setenv("NO_PROXY", "*")
    body = (
        f"[a]({address}/here) [b]({address}/shy) [c]({address}/get-only)\n\n[d]({address}/gone)\n\n"
        "[e](http://127.0.0.1:9/x) [f](mailto:a@example.org)"
    )
    office.write("names", embargo=FAR, body=body)
    assert "dead_link" not in call("check", "names")
    assert asked == []
    found = [one for one in call.json("check", "names", "--links")["findings"] if one["code"] == "dead_link"]
    assert [(one["severity"], one["line"]) for one in found] == [("warning", 9), ("warning", 11)]
    assert "404" in found[0]["message"]
    assert "/gone" not in found[0]["message"]
