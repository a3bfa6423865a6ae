"""Where the page may listen, and how it waits for its end."""

from __future__ import annotations

import ipaddress
import signal
import socket
import threading

from app.errors import InterviewError, UsageError
from app.settings import Settings


def check_address(settings: Settings, host: str) -> list[tuple[str, str]] | None:
    """The sign-ins, None if there are none. UsageError where others could reach an open page."""
    sign_in = settings.sign_in
    if sign_in is None and not _is_local(host):
        raise UsageError(
            f"{host} can be reached by others, and the page has no sign-in. Set INTERVIEW_SIGN_IN to "
            "name:password (several with commas between them), or leave --host away."
        )
    return sign_in


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


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
