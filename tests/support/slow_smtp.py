"""A mail server on loopback that says nothing more from one command on, or says it drop by drop."""

from __future__ import annotations

import socket
import threading

ANSWERS = {
    "EHLO": b"250-slow.example\r\n250 8BITMIME\r\n",
    "MAIL": b"250 OK\r\n",
    "RCPT": b"250 OK\r\n",
    "DATA": b"354 go on\r\n",
    ".": b"250 OK\r\n",
    "RSET": b"250 OK\r\n",
    "QUIT": b"221 bye\r\n",
}


class SlowServer:
    """The server, and the mails that it has received whole.

    :param silent_at: the command that it does not answer: one of :data:`ANSWERS`, or ``"connect"``.
    :param dripping: it does not keep silent there, but sends a line that never ends, a byte each 50 ms.
    :param late: seconds that it lets pass before each answer to a mail.
    :param refuses: it refuses every mail when it has it.
    """

    def __init__(
        self, silent_at: str = "", *, dripping: bool = False, late: float = 0, refuses: bool = False
    ) -> None:
        self.silent_at, self.dripping, self.late, self.refuses = silent_at, dripping, late, refuses
        self.received: list[bytes] = []
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self._talk(connection)
                except OSError:
                    continue

    def _talk(self, connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        if not self._answer(connection, "connect", b"220 slow.example\r\n"):
            return
        while line := lines.readline():
            command = line[:4].decode().upper().strip()
            if not self._answer(connection, command, ANSWERS[command]):
                return
            if command == "DATA":
                self.received.append(b"".join(iter(lines.readline, b".\r\n")))
                self._stopped.wait(self.late)
                said = b"554 no\r\n" if self.refuses else ANSWERS["."]
                if not self._answer(connection, ".", said):
                    return

    def _answer(self, connection: socket.socket, command: str, said: bytes) -> bool:
        """Answer, or keep silent until the other side has gone; return whether it was answered."""
        if command != self.silent_at:
            connection.sendall(said)
            return True
        while self.dripping and not self._stopped.wait(0.05):
            connection.sendall(b"2")
        connection.settimeout(0.05)
        while not self._stopped.is_set():
            try:
                if not connection.recv(1024):
                    break
            except TimeoutError:
                continue
        return False
