"""A mail server on the loopback that keeps what it is sent, and refuses, stays silent or hangs up on demand."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class MailServer:
    """`answers` replaces the reply to a command by another; an empty one hangs up there."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: dict[str, str] = {}
        self.is_silent = False
        self.stopped = threading.Event()
        self.port = 0


class _Conversation(socketserver.StreamRequestHandler):
    server: "_Listener"

    def handle(self) -> None:
        kept = self.server.kept
        if kept.is_silent:
            kept.stopped.wait(30)
            return
        self._say("220 here")
        while line := self.rfile.readline():
            command = line.split(b":")[0].split()[0].decode().upper()
            answer = kept.answers.get(command, "221 bye" if command == "QUIT" else "250 yes")
            if not answer:
                return
            if command == "RCPT":
                kept.recipients.append(line.decode().strip())
            if command == "EHLO":
                answer = "250-here\r\n250 AUTH PLAIN"
            if command == "DATA" and answer.startswith("250"):
                self._say("354 go on")
                kept.messages.append(self._read_message())
            self._say(answer)
            if command == "QUIT":
                return

    def _read_message(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        return message_from_bytes(b"".join(lines), policy=policy.default)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    kept: MailServer


@contextmanager
def mail_server() -> Iterator[MailServer]:
    kept = MailServer()
    with _Listener(("127.0.0.1", 0), _Conversation) as listener:
        listener.kept, kept.port = kept, listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield kept
        finally:
            kept.stopped.set()
            listener.shutdown()
            thread.join()
