"""One connection of the replayer: lines out, lines in, over TCP, TLS or a Unix socket."""
import select
import socket
import ssl
import struct
import time

from .text import PATIENCE, Differs


class Connection:
    """One connection: lines out, lines in, told apart from the end of input and from a reset."""

    def __init__(self, raw, context=None):
        raw.settimeout(PATIENCE)
        self.raw = raw
        self.pending = b""
        self.ended = False
        self.tls = None
        self.pool = []
        self.count = 0
        if context:
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
            self.pump(self.tls.do_handshake)

    def pump(self, step):
        while True:
            try:
                result = step()
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                data = self.raw.recv(65536)
                self.incoming.write(data) if data else self.incoming.write_eof()

    def flush(self):
        data = self.outgoing.read()
        if data:
            self.push(data)

    def push(self, data):
        """Sends all, reading meanwhile what comes, so that neither side waits for the other."""
        view = memoryview(data)
        end = time.monotonic() + PATIENCE
        while view:
            readable, writable, _ = select.select([self.raw], [self.raw], [], PATIENCE)
            if readable and not self.ended and not self.tls:
                try:
                    more = self.raw.recv(65536)
                except ConnectionResetError:
                    raise Differs("the connection was reset")
                if not more:
                    self.ended = True
                self.pending += more
            if self.ended:
                return
            if writable:
                try:
                    view = view[self.raw.send(view[:65536]):]
                except (BrokenPipeError, ConnectionResetError):
                    return
            if time.monotonic() > end:
                raise Differs("the server takes no more input")

    def write(self, data):
        if self.tls:
            view = memoryview(data)
            while view:
                sent = self.pump(lambda: self.tls.write(view[:16384]))
                view = view[sent:]
        else:
            self.push(data)

    def line(self):
        """The next line, None at the end of input."""
        while b"\n" not in self.pending:
            if self.ended:
                if self.pending:
                    raise Differs("half a line at the end: %r" % self.pending[:200])
                return None
            try:
                if self.tls:
                    try:
                        data = self.pump(lambda: self.tls.read(65536))
                    except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                        data = b""
                else:
                    data = self.raw.recv(65536)
            except ConnectionResetError:
                raise Differs("the connection was reset")
            except TimeoutError:
                raise Differs("no answer within %g s" % PATIENCE)
            if not data:
                self.ended = True
            self.pending += data
        line, _, self.pending = self.pending.partition(b"\n")
        return line.decode("utf-8")

    def half_close(self):
        try:
            if self.tls:
                try:
                    self.tls.unwrap()
                except ssl.SSLWantReadError:
                    pass
                self.flush()
            else:
                self.raw.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self, reset=False):
        if reset:
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.raw.close()
