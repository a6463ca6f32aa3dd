"""A network that can be cut: what lies between a browser and a server in the same process.

    with network_to(8000) as network:
        network.port      # where browsers come in
        network.cut()     # as in a lift: nothing comes through, and what was under way is lost
        network.mend()

A browser that is only told to be offline forgets it for a moment in each page that it opens.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator

_AT_ONCE = 65_536


class Network:
    """Connections from one port to another, until they are cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("localhost", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._is_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break all connections; new ones end at once."""
        with self._lock:
            self._is_cut = True
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        with self._lock:
            self._is_cut = False

    def close(self) -> None:
        """Stop listening."""
        self.cut()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError), near:
            far = socket.create_connection(("localhost", self._target))
            with far:
                with self._lock:
                    if self._is_cut:
                        return
                    self._open |= {near, far}
                back = threading.Thread(target=_copy, args=(far, near), daemon=True)
                back.start()
                _copy(near, far)
                back.join()
                with self._lock:
                    self._open -= {near, far}


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_AT_ONCE):
            sink.sendall(data)
    for one in (source, sink):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def network_to(port: int) -> Iterator[Network]:
    """Lay a network to a port of this machine until the block ends."""
    network = Network(port)
    try:
        yield network
    finally:
        network.close()
