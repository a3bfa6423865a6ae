"""Sentences that take back what they say: by their frame, by the next sentence, by a `not`."""

from __future__ import annotations

import re

from app.grading.words import content_stems, normalise, words

SAME_WORDS = 0.9
MOSTLY_ABOUT_IT = 0.5

_TURNS = frozenset(
    """not no never none neither nor without cannot nobody nothing false wrong untrue incorrect
    inaccurate erroneous mistaken mistake misconception myth fallacy nonsense rubbish absurd
    backwards misinformed fooled lied denied disproved refuted disagree deny doubt dispute reject
    refute refuse
    """.split()
)
"""Words that turn a claim round; two of them turn it back."""

# Honest answers speak of false alarms, wrong pages and error budgets: only a denial that governs
# the whole sentence counts, which is one with a `that` or `to` behind it, or with nothing.
_WRONG = r"""(?:wrong|false(?![\s-]+(?:positive|negative|alarm|page|rate))|untrue|incorrect
    |inaccurate|mistaken|mistake|myth|misconception|fallacy|nonsense|rubbish|absurd|pointless
    |unwise|bad\s+idea|backwards|misinformed|fooled|lied|in\s+error|error\s+to|ruled\s+out
    |disproved?|refuted?|debunked|den(?:y|ied)|refuse|dispute|doubt|disagree|reject
    |(?:not|isn't|wasn't)\s+(?:so|right|true|correct|the\s+case))"""
_NOT = r"(?:not|no|never|nobody|\w+n't|cannot)"
_SAYING = r"""(?:say|said|claim|think|suppose|conclude|believe|accept|assume|argue|agree|reason
    |evidence|truth|sense|case|right|true|so|correct)"""
_FEW = r"(?:[\w'-]+\s+)"
_FRAME = re.compile(
    rf"""^\W*(?:
        {_FEW}{{0,7}}?{_WRONG}\s+{_FEW}{{0,4}}?that\b
      | (?:it|this|that)(?:\s+(?:is|was|would\s+be)|'s)\s+{_FEW}{{0,3}}?{_WRONG}(?:\s+to\b|:)
      | {_FEW}{{0,5}}?{_NOT}\s+{_FEW}{{0,4}}?{_SAYING}\s+{_FEW}{{0,2}}?that\b
      | there(?:\s+is|'s)\s+(?:no|little)\s+(?:\w+\s+)?
            (?:reason|evidence|sense|truth|point|need|use|value)\b
      | it\s+makes\s+(?:no|little)\s+sense\b
      | (?:anyone|anybody|whoever|those)\s+(?:who\s+)?(?:tell|say|claim|think|believe)s?\b
      | (?:i|we|nobody|no\s+one)\s+{_FEW}?{_NOT}\s+
            (?:say|claim|accept|agree|do\s+(?:this|that))\b
      | (?:i|we)\s+{_FEW}?(?:do\s+not|don't)\s+(?:think|believe)(?!\s+in\b)
      | (?:i|we)\s+{_FEW}?(?:disagree|deny|doubt|dispute|reject|refuse)\s+(?:with\s+)?
            (?:to\s+accept|the\s+(?:idea|claim|view|notion|argument))\b
    )""",
    re.VERBOSE,
)
_AFTERTHOUGHT = re.compile(
    rf"""(?:[,:;–—]|\s-|\bbut|\band)\s+(?:no,\s+)?(?:
        (?:nonsense|rubbish)
      | {_FEW}?(?:which|that|this|it|they|he|she|i|and\s+the\s+\w+)
            (?:\s+(?:is|are|was|were|has|have|got|do)|'s|'re)?\s+{_FEW}{{0,3}}?{_WRONG}
      | i\s+(?:do\s+not|don't)\s+agree
    )\W*$""",
    re.VERBOSE,
)
_BARE = re.compile(
    rf"""^\W*(?:
        (?:(?:no|but|and)\b\W*)*{_FEW}{{0,4}}?{_WRONG}
      | no | far\s+from\s+it | reality\s+is\s+otherwise
      | not\s+{_FEW}{{0,5}}?(?:correct|true|right|so)
    )(?:,\s+i'm\s+afraid)?\W*$""",
    re.VERBOSE,
)


def is_denied(sentence: str, following: str = "") -> bool:
    """Whether a sentence denies as a whole what it says, or the one after it says no to it."""
    text = normalise(sentence)
    return bool(
        _FRAME.search(text) or _AFTERTHOUGHT.search(text) or _BARE.search(normalise(following))
    )


def denies(sentence: str, statement: str) -> bool:
    """Whether a sentence is a statement turned round: nearly all its words, and one `not` more."""
    wanted = {stem for stem in content_stems(statement) if stem not in _TURNS}
    said = {stem for stem in content_stems(sentence) if stem not in _TURNS}
    held = len(wanted & said)
    return (
        held >= SAME_WORDS * max(1, len(wanted))
        and held >= MOSTLY_ABOUT_IT * len(said)
        and _turns(sentence) % 2 != _turns(statement) % 2
    )


def _turns(text: str) -> int:
    return sum(word in _TURNS or word.endswith("n't") for word in words(text))
