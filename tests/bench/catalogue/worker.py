"""A peer that is a Python library, in a process of its own: its processor time is nobody else's."""

from __future__ import annotations

import multiprocessing
import traceback
from multiprocessing.connection import Connection
from typing import Any


STOP_WITHIN_S = 10.0


class Worker:
    """Makes a ``peer`` in a new process and passes calls on to it: ``worker.cones(...)`` is ``peer.cones(...)``."""

    def __init__(self, peer: type, *arguments: Any):
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, peer, arguments), daemon=True)
        self._process.start()
        self.name: str = peer.name
        self.pid: int = self._process.pid or 0
        self._answer()

    def __getattr__(self, method: str) -> Any:
        if method.startswith("_"):
            raise AttributeError(method)

        def call(*arguments: Any) -> Any:
            self._connection.send((method, arguments))
            return self._answer()

        return call

    def stop(self) -> None:
        """Ends the process: politely, and after a while not."""
        self._connection.close()
        self._process.join(STOP_WITHIN_S)
        self._process.terminate()

    def _answer(self) -> Any:
        succeeded, answer = self._connection.recv()
        if not succeeded:
            raise RuntimeError(f"{self.name}: {answer}")
        return answer


def _serve(connection: Connection, peer_class: type, arguments: tuple[Any, ...]) -> None:
    try:
        peer = peer_class(*arguments)
        connection.send((True, None))
    except Exception:
        connection.send((False, traceback.format_exc()))
        return
    while True:
        try:
            method, arguments = connection.recv()
        except EOFError:
            return
        try:
            connection.send((True, getattr(peer, method)(*arguments)))
        except Exception:
            connection.send((False, traceback.format_exc()))
