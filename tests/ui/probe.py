"""How soon a press shows in the browser: the time until the page says that it has heard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# A place marked as pending, another tab or a question opened: what a person sees as an answer.
# Gradio's own trackers are hidden and do not count.
WATCH = """() => {
  const seen = node => {
    const each = node.nodeType === 1 ? node : node.parentElement;
    if (!each || each.closest('.clock, head, [data-testid=status-tracker]')) return false;
    if (each.matches('.html-container.pending')) return true;
    return each.checkVisibility({opacityProperty: true, visibilityProperty: true});
  };
  const telling = new Set(['aria-selected', 'hidden']);
  const watched = window.heard = {after: null};
  const began = () => { watched.began ??= performance.now(); };
  for (const kind of ['click', 'input', 'keydown'])
    document.addEventListener(kind, began, {capture: true, once: true});
  const observer = new MutationObserver(records => {
    if (watched.began === undefined) return;
    const shown = records.some(({type, attributeName, target}) => {
      if (type !== 'attributes') return seen(target);
      if (attributeName === 'class') return target.matches('.html-container.pending, .ending');
      return telling.has(attributeName) && seen(target);
    });
    if (!shown) return;
    watched.after = performance.now() - watched.began;
    observer.disconnect();
  });
  observer.observe(document, {
    subtree: true, childList: true, characterData: true, attributes: true,
  });
}"""


@contextmanager
def answered_within(milliseconds: float, page: Any) -> Iterator[None]:
    """What is pressed inside has to show on the page within that time, as the browser counts it."""
    page.evaluate(WATCH)
    yield
    page.wait_for_function("window.heard.after !== null")
    after = page.evaluate("window.heard.after")
    assert after <= milliseconds, f"nothing was to be seen for {after:.0f} ms"
