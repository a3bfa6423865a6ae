"""Where the page may listen, and how it waits for its end."""

from __future__ import annotations

import signal
import socket
import threading

from app.errors import InterviewError


def free_port(host: str, port: int) -> int:
    """The port, or a free one for 0. InterviewError if it is taken."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise InterviewError(
            f"Port {port} on {host} cannot be used ({error.strerror or error}). Stop what listens "
            "there, or choose another with --port; 0 takes a free one."
        ) from None


def serve_until_stopped(host: str, port: int) -> None:
    """Tell the address and stay in the foreground until Ctrl-C."""
    shown = f"[{host}]" if ":" in host else host
    stopped = threading.Event()
    # Both are set: a shell starts background jobs with SIGINT ignored, a service sends SIGTERM.
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, lambda *_: stopped.set())
    print(f"The page is open: http://{shown}:{port}  (Ctrl-C stops it)", flush=True)
    stopped.wait()
    print("\nStopped. Everything that was sent is saved.", flush=True)
