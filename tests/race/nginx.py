# SPDX-License-Identifier: MIT
"""Debian's nginx, out of its packages, for Linux' initramfs: the program, its libraries, and settings for speed.

    files, words = nginx.parts(linux, page="www/small.txt")       linux.boot(*words, files={**files, ...})
"""
import functools
import os

import debian

# One process, nothing written, the file kept open: what a web server does best. Connections are kept as long as the client
# likes.
SETTINGS = """
user root;
daemon off;
master_process off;
worker_processes 1;
pid /tmp/nginx.pid;
error_log /dev/null;
worker_rlimit_nofile 20000;
events { worker_connections 20000; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    open_file_cache max=16;
    open_file_cache_valid 1h;
    types { text/plain txt; }
    client_body_temp_path /tmp/body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;
    server { listen 80 backlog=4096; root /www; }
}
"""
WANTED = ("*/sbin/nginx", "./*lib/*/lib*.so.*", "./*lib/*/ld-*.so.*")  # each library by all its names


def needs(archive, name, known=()):
    """The names of the package and of the libraries that it needs, and they."""
    names = [*known, name]
    for each in archive.depends(name):
        if each.startswith(("lib", "zlib")) and each not in names:
            names = needs(archive, each, names)
    return names


@functools.cache
def parts(linux):
    """({path: bytes} for the initramfs, the words that start it). nginx-light is this program without further modules."""
    folder = os.path.join(linux.folder, "nginx")
    paths = [path for name in needs(linux.archive, "nginx") for package in linux.archive.fetch(name)
             for path in debian.unpack(package, folder, *WANTED)]
    content = {"etc/nginx.conf": SETTINGS.encode(), "etc/passwd": b"root:x:0:0::/:/\n", "etc/group": b"root:x:0:\n"}
    for path in paths:
        with open(path, "rb") as file:
            content[f"lib/{os.path.basename(path)}"] = file.read()
    loader = next(name for name in content if os.path.basename(name).startswith("ld-"))
    return content, [f"/{loader}", "--library-path", "/lib", "/lib/nginx", "-c", "/etc/nginx.conf"]
