"""Sentences that take back what they say: by their frame, by the next sentence, by a `not`.

Good answers reject alternatives all the time ("we don't page on CPU"). So only what calls a claim
untrue counts as a denial, never a `not` by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from app.grading.evidence import Span
from app.grading.words import FUNCTION_WORDS, normalise, stem, words

SAME_WORDS = 0.9
MOSTLY_ABOUT_IT = 0.5
HEAD, TAIL = 200, 120
"""Characters in which a frame, or an afterthought, has to stand: longer texts cost no more."""

_UNTRUE = """wrong untrue incorrect inaccurate mistaken misconception myth fallacy nonsense rubbish
    fiction misinformed backwards disproved refuted debunked baseless""".split()
_DENYING = "deny dispute doubt disagree refute reject refuse".split()
_TURNS = frozenset(
    """not no never none neither nor without cannot nobody nothing false mistake denied lied
    erroneous""".split()
    + _UNTRUE
    + _DENYING
)
"""Words that turn a claim round; two of them turn it back."""
_UNSPOKEN = FUNCTION_WORDS | _TURNS

_FEW = r"(?:\w[\w'-]*\s+)"
_ADJECTIVE = rf"""(?:{"|".join(_UNTRUE)}|false(?!\s+(?:alarm|page|positive))|in\s+error
    |without\s+foundation|not\s+(?:true|so|right|correct|the\s+case))"""
_NO = r"(?:not|no|never|nobody|\w+n't|cannot|by\s+no\s+means)"
_SAID = r"(?:say|said|claim|conclude|hold|truth|sense|case|right|true|correct|so)"
_CLAIM = r"(?:idea|claim|view|notion|theory|belief|statement|assertion|hypothesis|suggestion|story)"
_FRAME = re.compile(
    rf"""^(?:
        # It is a common misconception that ... / Anybody is mistaken who holds that ...
        {_FEW}{{0,6}}?{_ADJECTIVE}\s+{_FEW}{{0,3}}?that\b
        # It is not the case that ... / No way is it right that ... / Nobody should say that ...
      | {_FEW}{{0,4}}?{_NO}\s+{_FEW}{{0,4}}?{_SAID}\s+that\b
      | {_FEW}{{0,5}}?(?:error|mistake|wrong|fooled)\s+(?:to|into)\s+
            (?:think|suppose|believe|assume|say|thinking|believing)\s+that\b
      | (?:nobody|no\s+one)\s+should\s+(?:think|believe|accept)\b
      | there(?:\s+is|'s)\s+(?:no|little)\s+(?:\w+\s+)?(?:reason|evidence)\s+
            (?:to\s+(?:think|believe|say|suppose)|that|for\s+saying)\b
      | it\s+makes\s+no\s+sense\s+to\s+say\b
        # I deny that ... / We reject the claim that ...
      | (?:i|we)\s+{_FEW}?(?:deny|dispute|doubt|disagree|refute)\s+(?:with\s+)?
            (?:that\b|the\s+{_CLAIM}\b)
      | {_FEW}{{0,4}}?(?:reject|refuse|contradicts?|disproved?|dismiss|ruled\s+out|throw\s+out)\s+
            (?:to\s+(?:accept|believe)|the\s+(?:{_CLAIM}|possibility))\b
      | (?:i|we)\s+(?:do\s+not|don't|cannot|can't)\s+(?:agree|accept)\s+that\b
      | (?:i|we)\s+would\s+(?:never|not)\s+(?:say|do\s+(?:this|that))\b
      | (?:anyone|anybody|whoever|those)\s+(?:who\s+)?(?:tell|say|claim|think|believe)s?\b
    )""",
    re.VERBOSE,
)
_REPORTED = re.compile(rf"^(?:the|this|that)\s+{_FEW}?{_CLAIM}\s+that\b", re.VERBOSE)
_REFUTED = re.compile(
    rf"\b(?:is|was|been)\s+{_FEW}{{0,2}}?{_ADJECTIVE}\b[^,;]{{0,30}}\W*$", re.VERBOSE
)
_AFTERTHOUGHT = re.compile(
    rf"""(?:[,:;–—]|\s-|\bbut|\band|\bthat)\s+(?:no,\s+)?(?:
        nonsense|rubbish
      | (?:and\s+)?(?:which|that|this|it|they|he|she|the\s+\w+)
            (?:\s+(?:is|are|was|were|has|have|got)|'s|'re)\s+{_FEW}{{0,2}}?{_ADJECTIVE}
      | (?:has|have)\s+been\s+{_FEW}?(?:disproved|refuted|debunked|retracted)
      | (?:they|he|she)\s+lied
      | i\s+(?:disagree|do\s+not\s+agree|don't\s+agree)
    )\W*$""",
    re.VERBOSE,
)
_BARE = re.compile(
    rf"""^\W*(?:(?:no|nope|but|and)\b\W*)*(?:
        (?:(?:that|this|it|all\s+of\s+(?:that|this)|none\s+of\s+(?:that|this|it))(?:\s+is|'s)\s+)?
            {_FEW}{{0,2}}?{_ADJECTIVE}
      | not\s+(?:a\s+\w+\s+of\s+(?:this|that|it)\s+is\s+)?(?:true|correct|right|so|at\s+all)
      | every\s+word\s+of\s+{_FEW}{{0,4}}?(?:wrong|mistaken|false|untrue)
      | far\s+from\s+it | reality\s+is\s+otherwise | quite\s+the\s+(?:contrary|opposite)
      | i\s+(?:disagree|do\s+not\s+agree|don't\s+agree)
      | it\s+(?:does\s+not|doesn't)\s+(?:work\s+like\s+that|hold)
    )?(?:,\s+i'm\s+afraid)?\W*$""",
    re.VERBOSE,
)
_OWN_VOICE = re.compile(r"[;:]\s+|\s[-–—]\s+")


def undenied(sentences: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    """What is left of the sentences without what is denied, and the denied ones.

    Behind a framed claim the speaker may go on in a voice of his own: "it is a myth that ...; the
    sink must be idempotent". The sentence that follows, or an afterthought, denies the whole.
    """
    left: list[Span] = []
    denied: list[Span] = []
    says_no = [_says_no(sentence.text) for sentence in sentences]
    for sentence, itself, following in zip_longest(sentences, says_no, says_no[1:]):
        if itself:
            continue
        start = len(sentence.text) if following else _denied_until(sentence.text)
        if start:
            denied.append(sentence)
        if start < len(sentence.text):
            left.append(Span(sentence.start + start, sentence.end, sentence.text[start:]))
    return left, denied


def _denied_until(sentence: str) -> int:
    """Characters of a sentence that are denied: 0 for none, its length for all."""
    text = normalise(sentence)
    if _AFTERTHOUGHT.search(text[-TAIL:]):
        return len(sentence)
    head = text[:HEAD].lstrip("\"'“‘(-*•… ")
    if _REPORTED.search(head) and _REFUTED.search(text[-TAIL:]):
        return len(sentence)
    if not _FRAME.search(head):
        return 0
    own = _OWN_VOICE.search(sentence)
    return own.end() if own else len(sentence)


def denies(sentence: str, statement: str) -> bool:
    """Whether a sentence is a statement turned round: nearly all its words, and one `not` more."""
    wanted, said = _claimed(statement), _claimed(sentence)
    held = len(wanted & said)
    return (
        held >= SAME_WORDS * max(1, len(wanted))
        and held >= MOSTLY_ABOUT_IT * len(said)
        and _turns(sentence) % 2 != _turns(statement) % 2
    )


def _says_no(sentence: str) -> bool:
    """Whether a sentence does nothing but say no to the one before it."""
    text = normalise(sentence).strip()
    return bool(text) and len(text) <= TAIL and bool(words(text)) and bool(_BARE.search(text))


def _claimed(text: str) -> set[str]:
    """Stems of what is spoken of, without the words that turn it round."""
    return {stem(word) for word in words(text) if word not in _UNSPOKEN}


def _turns(text: str) -> int:
    return sum(word in _TURNS or word.endswith("n't") for word in words(text))
