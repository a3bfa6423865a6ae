"""Which grader reads which answer, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from app.domain.session import Session
from app.grading.grader import Grader
from app.interview.assessing import grading_request
from app.interview.interviewer import Interviewer
from app.interview.journal import Journal
from app.interview.judging import Judging, SlowGrader, merged, request_for_rest, unscored
from app.sessions.events import AnswerGraded


@dataclass(frozen=True)
class Embedded:
    """The parts that need no model."""

    interviewer: Interviewer
    grader: Grader

    def hold(self, session: Session) -> bool:
        """Whether a session goes on with these parts."""
        # Names carry versions: a new release is no reason to go back to a model.
        own = (self.interviewer.name, self.grader.name)
        return [_family(name) for name in (session.interviewer, session.grader)] == [
            _family(name) for name in own
        ]


class Graders:
    """The grader that answers at once, and the judge at work beside the interview, if any.

    Where there is a judge, the quick grader only reads an answer, for the next question; the grade
    itself is the judge's and comes later.
    """

    def __init__(self, journal: Journal, grader: Grader, embedded: Embedded | None) -> None:
        self._journal = journal
        self._embedded = embedded
        self._quick = embedded.grader if embedded is not None else grader
        self.judging = (
            Judging(journal.store, cast("SlowGrader", grader), journal.now)
            if embedded is not None and grader is not embedded.grader
            else None
        )

    def without_model(self, session: Session) -> Embedded | None:
        """The parts that a session goes on with where its candidate left the model."""
        return self._embedded if self._embedded and self._embedded.hold(session) else None

    def judge_of(self, session: Session) -> Judging | None:
        """The judge of a session; None if it goes without a model."""
        return None if self.without_model(session) else self.judging

    def grade_or_read(self, session: Session) -> Session:
        """What is due at once: grades, or a reading of the last answer where a judge grades."""
        if self.judge_of(session) is None:
            return self._grade_all(session)
        turn = session.current_turn
        if turn is None or turn.answer is None or turn.grading or turn.reading:
            return session
        reading = self._quick.grade(grading_request(session, turn))
        graded = AnswerGraded(
            at=self._journal.now(), turn_id=turn.id, grading=reading, provisional=True
        )
        return self._journal.append(session, [graded])

    def begin(self, session: Session) -> None:
        """Let the judge begin, once a question stands.

        Not before: a local server has one place only, and the candidate is first.
        """
        judging = self.judge_of(session)
        if judging is not None:
            judging.start(session)

    def wait(self, session: Session) -> Session:
        """The session with all that the judge has to say of it; without a judge, as it is."""
        judging = self.judge_of(session)
        if judging is None:
            return session
        judging.start(session)
        judging.wait(session.id)
        return self._journal.store.load(session.id)

    def grade_again(self, session: Session) -> Session:
        """Grade what has no grade, or criteria left unscored; waits for the result."""
        judging = self.judge_of(session)
        if judging is None:
            return self._grade_all(session)
        judging.start_again(session)
        judging.wait(session.id)
        return self._journal.store.load(session.id)

    def _grade_all(self, session: Session) -> Session:
        """Grade what has no grade, or was left unscored by another grader."""
        for turn in session.turns:
            old = turn.grading
            due = old is None or (not old.grader.endswith(self._quick.name) and unscored(old))
            if turn.answer is not None and due:
                grading = merged(old, self._quick.grade(request_for_rest(session, turn)))
                graded = AnswerGraded(at=self._journal.now(), turn_id=turn.id, grading=grading)
                session = self._journal.append(session, [graded])
        return session


def _family(name: str) -> str:
    return name.partition("/")[0]
