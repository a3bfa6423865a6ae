"""Small SVG drawings for feedback and progress: no script, no outside resource, text inside.

Each drawing stands beside a table with the same numbers, so it is hidden from screen readers.
Colours come from the style sheet around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import cos, pi, sin

LEVELS = 5


def radar(stages: Sequence[tuple[str, float | None]], target: int) -> str:
    """Levels of 1 to 5 by stage as a polygon; a stage without a level leaves a gap to the middle.

    Fewer than three stages make no polygon: "".
    """
    if len(stages) < 3:
        return ""
    size, middle, radius = 300, 150.0, 92.0

    def point(index: int, level: float) -> tuple[float, float]:
        angle = 2 * pi * index / len(stages) - pi / 2
        distance = radius * level / LEVELS
        return middle + distance * cos(angle), middle + distance * sin(angle)

    def ring(level: float) -> str:
        return " ".join(
            f"{x:.1f},{y:.1f}" for x, y in (point(i, level) for i in range(len(stages)))
        )

    rings = "".join(
        f'<polygon class="grid" points="{ring(level)}"/>' for level in range(1, LEVELS + 1)
    )
    wanted = f'<polygon class="target" points="{ring(target)}"/>'
    own = " ".join(
        f"{x:.1f},{y:.1f}"
        for x, y in (point(i, level or 0.0) for i, (_, level) in enumerate(stages))
    )
    labels = ""
    for index, (title, level) in enumerate(stages):
        x, y = point(index, LEVELS * 1.22)
        anchor = "middle" if abs(x - middle) < 20 else ("start" if x > middle else "end")
        shown = "–" if level is None else f"{level:g}"
        labels += (
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(title)} '
            f'<tspan class="value">{shown}</tspan></text>'
        )
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'
        for i, (_, level) in enumerate(stages)
        if level is not None
        for x, y in (point(i, level),)
    )
    return (
        f'<svg class="radar" viewBox="-40 10 {size + 80} {size - 30}" aria-hidden="true">'
        f'{rings}{wanted}<polygon class="own" points="{own}"/>{dots}{labels}</svg>'
    )


def bar(share: float, kind: str = "") -> str:
    """A horizontal bar; `share` from 0 to 1."""
    width = max(0.0, min(1.0, share)) * 100
    filled = f'<span style="width:{width:.0f}%"></span>'
    return f'<span class="meter {kind}" aria-hidden="true">{filled}</span>'


def spark(levels: Sequence[float | None], target: int | None = None, *, wide: bool = False) -> str:
    """Levels over time from left to right; sessions without a level leave a gap."""
    width, height, pad = (520.0, 120.0, 8.0) if wide else (260.0, 74.0, 8.0)
    step = (width - 2 * pad) / max(1, len(levels) - 1)

    def y(level: float) -> float:
        return height - pad - (level - 1) / (LEVELS - 1) * (height - 2 * pad)

    lines = "".join(
        f'<line class="grid" x1="0" x2="{width:.0f}" y1="{y(level):.1f}" y2="{y(level):.1f}"/>'
        for level in range(1, LEVELS + 1)
    )
    lines += "".join(
        f'<text x="-6" y="{y(level) + 4:.1f}" text-anchor="end">{level}</text>'
        for level in (1, 3, LEVELS)
    )
    if target is not None:
        lines += (
            f'<line class="target" x1="0" x2="{width:.0f}" y1="{y(target):.1f}" '
            f'y2="{y(target):.1f}"/>'
        )
    known = [(pad + index * step, y(each)) for index, each in enumerate(levels) if each is not None]
    path = " ".join(f"{x:.1f},{at:.1f}" for x, at in known)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{at:.1f}" r="3"/>' for x, at in known)
    return (
        f'<svg class="spark" viewBox="-16 0 {width + 16:.0f} {height:.0f}" aria-hidden="true">'
        f'{lines}<polyline points="{path}"/>{dots}</svg>'
    )
