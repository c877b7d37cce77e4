"""Serves moto on a free port of the loopback interface, one request at a time, and prints the port.

Ends when standard input is closed, so that it never outlives the test that started it.
"""

import os
import sys
import threading

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    """Logs nothing: standard output belongs to the test."""

    def log(self, *_args):
        pass


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


# One thread: moto's state is not made for parallel requests, which then fail now and then with a server error.
server = make_server(
    "127.0.0.1",
    0,
    DomainDispatcherApplication(create_backend_app),
    threaded=False,
    request_handler=Quiet,
)
print(server.server_port, flush=True)
threading.Thread(target=end_with_parent, daemon=True).start()
server.serve_forever()
