"""A lab as Jupyter clients see it through the gateway: REST calls, and channels over a WebSocket.

Speaks both forms of the channels: `v1.kernel.websocket.jupyter.org` and the older JSON texts.
"""

from __future__ import annotations

import json
import struct
import uuid
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import requests
import websocket
from platform_process import Ready
from waiting import until

V1 = "v1.kernel.websocket.jupyter.org"
ANSWER_WITHIN = 60.0
_PARTS = ("header", "parent_header", "metadata", "content")


@dataclass
class Outputs:
    """What one execution sent back."""

    status: str = ""
    text: str = ""
    """Both streams and results, as plain text."""
    error: str = ""


@dataclass
class Channels:
    """An open WebSocket to one kernel."""

    socket: websocket.WebSocket
    session: str = field(default_factory=lambda: uuid.uuid4().hex)

    def execute(self, code: str) -> Outputs:
        """Runs ``code`` and waits until the kernel is idle again and has replied."""
        request = self.ask(code)
        outputs, idle = Outputs(), False
        while not (idle and outputs.status):
            message = self.receive()
            if message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["header"]["msg_type"], message["content"]
            outputs.text += content.get("text", "") if kind == "stream" else ""
            outputs.text += content["data"].get("text/plain", "") if kind == "execute_result" else ""
            outputs.error = content["evalue"] if kind == "error" else outputs.error
            outputs.status = content["status"] if kind == "execute_reply" else outputs.status
            idle = idle or (kind == "status" and content["execution_state"] == "idle")
        return outputs

    def ask(self, code: str) -> str:
        """Asks the kernel to run ``code``, and returns the request's id."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        return self._send("execute_request", content)

    def _send(self, kind: str, content: dict[str, Any]) -> str:
        name = uuid.uuid4().hex
        header = {"msg_id": name, "msg_type": kind, "session": self.session, "username": "test", "version": "5.4"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        if self.socket.subprotocol == V1:
            self.socket.send_binary(_pack(message))
        else:
            self.socket.send(json.dumps({**message, "channel": "shell", "buffers": []}))
        return name

    def receive(self) -> dict[str, Any]:
        """The next message."""
        frame = self.socket.recv()
        return _unpack(frame) if isinstance(frame, bytes) else json.loads(frame)


def _pack(message: dict[str, Any]) -> bytes:
    pieces = [b"shell", *(json.dumps(message[part]).encode() for part in _PARTS)]
    offsets = [8 * (len(pieces) + 2)]
    for piece in pieces:
        offsets.append(offsets[-1] + len(piece))
    return struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets) + b"".join(pieces)


def _unpack(frame: bytes) -> dict[str, Any]:
    (count,) = struct.unpack_from("<Q", frame)
    offsets = struct.unpack_from(f"<{count}Q", frame, 8)
    channel, *pieces = (frame[a:b] for a, b in pairwise(offsets))
    return {"channel": channel.decode()} | {p: json.loads(t) for p, t in zip(_PARTS, pieces, strict=False)}


class Lab:
    """A Jupyter server at ``base``, an address without a slash at its end."""

    def __init__(self, base: str, token: str):
        self._base = base
        self._headers = {"Authorization": f"Bearer {token}"}

    def answers(self) -> bool:
        """Whether JupyterLab's page and its files answer already."""
        try:
            return self.get("api/contents").ok and self.get("lab").ok
        except requests.ConnectionError:
            return False

    def get(self, path: str) -> requests.Response:
        return self._call("GET", path)

    def post(self, path: str, body: Any) -> requests.Response:
        return self._call("POST", path, json=body)

    def put(self, path: str, body: Any) -> requests.Response:
        return self._call("PUT", path, json=body)

    def delete(self, path: str) -> requests.Response:
        return self._call("DELETE", path)

    def start_kernel(self, name: str = "python3") -> str:
        """The id of a new kernel."""
        answer = self.post("api/kernels", {"name": name})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def channels(
        self, kernel: str, subprotocols: list[str] | None = None, cursor: int | str | None = None
    ) -> Channels:
        """The channels of a kernel; with a cursor, everything after the message of that number."""
        url = f"{self._base}/api/kernels/{kernel}/channels".replace("http", "ws", 1)
        url += "" if cursor is None else f"?cursor={cursor}"
        header = [f"{name}: {value}" for name, value in self._headers.items()]
        subprotocols = [V1] if subprotocols is None else subprotocols
        return Channels(websocket.create_connection(url, ANSWER_WITHIN, header=header, subprotocols=subprotocols))

    def _call(self, method: str, path: str, **body: Any) -> requests.Response:
        return requests.request(
            method, f"{self._base}/{path}", headers=self._headers, timeout=ANSWER_WITHIN, allow_redirects=False, **body
        )


def started_lab(ready: Ready) -> Lab:
    """The lab of the token's user, started where it does not run, once JupyterLab answers."""
    headers = {"Authorization": f"Bearer {ready.token}"}
    requests.get(f"{ready.gateway_url}/lab", headers=headers, timeout=10, allow_redirects=False)
    lab = Lab(f"{ready.gateway_url}/user/{ready.user}", ready.token)
    until(lab.answers, within=ANSWER_WITHIN, what="JupyterLab behind the gateway")
    return lab
