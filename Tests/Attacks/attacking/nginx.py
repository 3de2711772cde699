"""NGINX before a server: as a proxy of streams with the PROXY protocol, and as one of HTTP.

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
"""
STREAM = """
stream {{
    server {{
        listen 127.0.0.1:{port};
        proxy_pass 127.0.0.1:{upstream};
        proxy_bind {source};
        proxy_protocol on;
    }}
}}
"""
# As its documentation has it: X-Forwarded-For is added to, all other fields pass.
WEB = """
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_bind {source};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
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

    def __init__(self, folder, upstream, source, kind=STREAM):
        self.port = spare_port()
        self.folder = os.path.join(folder, f"nginx-{self.port}")
        os.mkdir(self.folder)
        self.path = os.path.join(self.folder, "nginx.conf")
        load = f"load_module {MODULE};" if os.path.exists(MODULE) else ""
        with open(self.path, "w") as file:
            file.write((CONFIGURATION + kind).format(
                folder=self.folder, load=load, port=self.port, upstream=upstream, source=source))
        self.process = None

    def __enter__(self):
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen(
            [program, "-p", self.folder, "-c", self.path], stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
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
