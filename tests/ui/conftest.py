"""A real database and a place to record what a proof has counted, as in the other rooms."""

from __future__ import annotations

from tests.reliability.conftest import proof  # noqa: F401
from tests.sessions.conftest import postgres_server, postgres_url  # noqa: F401
from tests.ui.browser import chromium, open_tab, served  # noqa: F401
