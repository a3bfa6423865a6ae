"""Who opens the page: its one owner on this machine, a name with a password, or a proxy's user."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.errors import UsageError
from app.passwords import PasswordFile, Tries
from app.settings import Settings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Access:
    """How users are told apart. With neither field set, the page belongs to its one owner."""

    check_password: Callable[[str, str], bool] | None = None
    user_header: str | None = None
    trusted: tuple[Network, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nobody has to sign in."""
        return self.check_password is None and self.user_header is None

    def proxy_user(self, address: str | None, headers: Mapping[str, str]) -> str | None:
        """The user that the proxy names; None for anyone who is not the proxy, or names nobody.

        `address` is that of the other end of the connection, never one from a header.
        """
        if self.user_header is None or not self._trusts(address):
            return None
        name = headers.get(self.user_header, "").strip()
        if not name.isprintable() or len(name) > _LONGEST_NAME:
            return None
        return name or None

    def _trusts(self, address: str | None) -> bool:
        try:
            found = ipaddress.ip_address(address or "")
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self.trusted)


def open_access(settings: Settings, host: str) -> Access:
    """The access that the settings ask for. UsageError where it would leave the page open.

    A user header wins over passwords: then a proxy has signed the user in already.
    """
    if settings.user_header:
        return Access(user_header=settings.user_header, trusted=_networks(settings.trusted_proxy))
    file = PasswordFile(settings.password_path)
    given = dict(settings.sign_in or ())
    tries = Tries()
    if given or file.names():

        def check(name: str, password: str) -> bool:
            known = given.get(name)
            if known is None:
                return file.check(name, password)
            return tries.allows(name) and tries.count(
                name, hmac.compare_digest(_bytes(known), _bytes(password))
            )

        return Access(check_password=check)
    if not is_local(host):
        raise UsageError(
            f"{host} can be reached by others, and the page has no sign-in. Add users with "
            "`interview users add NAME`, or set INTERVIEW_USER_HEADER and INTERVIEW_TRUSTED_PROXY "
            "behind a proxy that signs users in, or leave --host away."
        )
    return Access()


def is_local(host: str) -> bool:
    """Whether an address or host name is this machine's own, for itself only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _networks(text: str | None) -> tuple[Network, ...]:
    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
    try:
        networks = tuple(ipaddress.ip_network(part, strict=False) for part in parts)
    except ValueError as error:
        raise UsageError(
            f"INTERVIEW_TRUSTED_PROXY cannot be read ({error}): give addresses or networks with "
            "commas between them, such as 10.0.0.5 or 172.18.0.0/16."
        ) from None
    if not networks:
        raise UsageError(
            "INTERVIEW_USER_HEADER is set, but not INTERVIEW_TRUSTED_PROXY: anyone could write "
            "that header. Give the address of the proxy that signs users in."
        )
    if any(network.prefixlen == 0 for network in networks):
        raise UsageError("INTERVIEW_TRUSTED_PROXY trusts every address: give the proxy's own.")
    return networks


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
