"""NGINX as a proxy of streams before a server, with the PROXY protocol.

Standard library only, and nginx(8) with its stream module.
"""
import os
import shutil
import socket
import subprocess
import time

CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log warn;
{load}
events {{ worker_connections 1024; }}
stream {{
    server {{
        listen 127.0.0.1:{port};
        proxy_pass 127.0.0.1:{upstream};
        proxy_bind {source};
        proxy_protocol {protocol};
    }}
}}
"""
MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"


def spare_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Proxy:
    """An NGINX that speaks to the server from an address of its own."""

    def __init__(self, folder, upstream, source, protocol="on"):
        self.port = spare_port()
        self.folder = os.path.join(folder, f"nginx-{self.port}")
        os.mkdir(self.folder)
        self.path = os.path.join(self.folder, "nginx.conf")
        load = f"load_module {MODULE};" if os.path.exists(MODULE) else ""
        with open(self.path, "w") as file:
            file.write(CONFIGURATION.format(
                folder=self.folder, load=load, port=self.port, upstream=upstream, source=source,
                protocol=protocol))
        self.process = None

    def __enter__(self):
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen(
            [program, "-p", self.folder, "-c", self.path], stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise
                time.sleep(0.02)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
