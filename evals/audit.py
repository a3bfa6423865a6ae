"""Asks PyPI's advisory service for known weaknesses of everything that is pinned.

What could not be asked counts as a failure, never as a pass.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
COMMAND = (
    str(Path(sys.executable).parent / "uv"),
    *("tool", "run", "--quiet", "pip-audit==2.10.1", "--disable-pip", "--require-hashes"),
    *("--progress-spinner", "off", "--format", "json", "-r", "requirements.lock"),
)


def problems(reply: str) -> Iterator[str]:
    """What speaks against a pass, in words, from what pip-audit printed: JSON, or nothing."""
    try:
        packages: list[dict[str, Any]] = json.loads(reply)["dependencies"]
    except (ValueError, KeyError):
        yield "NOT AUDITED: the advisory service cannot be reached from here."
        return
    for each in packages:
        for found in each.get("vulns", ()):
            fixed = ", ".join(found["fix_versions"]) or "no version yet"
            yield f"{each['name']} {each['version']}: {found['id']}, mended in {fixed}"
    unknown = [each["name"] for each in packages if "skip_reason" in each]
    if len(unknown) == len(packages):
        yield (
            f"NOT AUDITED: the advisory service told of none of the {len(packages)} packages. It "
            "cannot be reached from here, or a mirror without advisories answers in its place."
        )
    elif unknown:
        yield f"NOT AUDITED: {', '.join(unknown)}: the advisory service does not know them."


def main() -> None:
    """Print what was found; the exit code is 0 only if all was asked and nothing found."""
    done = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True)
    found = list(problems(done.stdout))
    if found and not done.stdout:
        print(done.stderr.strip().rpartition("\n")[2], file=sys.stderr)
    print("\n".join(found) or "No known weakness in anything that is pinned.")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
