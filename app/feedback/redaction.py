"""A session without the candidate's own words, to be shown to others.

Answers, questions, quotes, drafts of the model and the user's name are left out; questions,
verdicts and levels stay, and so does every number of words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.domain.assessment import Grading
from app.grading.words import words
from app.sessions.events import (
    AnswerGiven,
    AnswerGraded,
    ClarificationAsked,
    ModelCalled,
    NoteTaken,
    QuestionAsked,
    SessionEvent,
    SessionRegraded,
    SessionStarted,
)

LEFT_OUT = "[left out]"
_QUOTED = re.compile("“[^”]*”")


def redact(events: Sequence[SessionEvent]) -> tuple[SessionEvent, ...]:
    """The same events, in the same order, without what the candidate wrote."""
    return tuple(_redact(event) for event in events)


def _redact(event: SessionEvent) -> SessionEvent:
    match event:
        case SessionStarted():
            return event.model_copy(update={"user": ""})
        case AnswerGiven(text=text) | ClarificationAsked(text=text):
            return event.model_copy(update={"text": f"[{len(words(text))} words left out]"})
        case QuestionAsked(question=question):
            # A challenge quotes the candidate: “…”.
            text = _QUOTED.sub(f"“{LEFT_OUT}”", question.text)
            return event.model_copy(update={"question": question.model_copy(update={"text": text})})
        case AnswerGraded(grading=grading):
            return event.model_copy(update={"grading": _without_quotes(grading)})
        case SessionRegraded(gradings=gradings):
            bare = {turn_id: _without_quotes(each) for turn_id, each in gradings.items()}
            return event.model_copy(update={"gradings": bare})
        case NoteTaken(note=note):
            return event.model_copy(
                update={"note": note.model_copy(update={"text": LEFT_OUT, "quote": ""})}
            )
        case ModelCalled():
            return event.model_copy(update={"prompt": LEFT_OUT, "reply": LEFT_OUT})
        case _:
            return event


def _without_quotes(grading: Grading) -> Grading:
    return grading.model_copy(
        update={
            "verdicts": tuple(
                each.model_copy(
                    update={"quote": LEFT_OUT if each.quote else "", "rationale": LEFT_OUT}
                )
                for each in grading.verdicts
            ),
            "misconceptions": tuple(
                each.model_copy(update={"quote": LEFT_OUT}) for each in grading.misconceptions
            ),
            "flags": tuple(
                each.model_copy(update={"detail": each.kind.replace("_", " ")})
                for each in grading.flags
            ),
        }
    )
