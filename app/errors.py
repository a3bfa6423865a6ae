"""The exceptions that a user may see.

InterviewError            a message that names what is wrong and what to do; exit code 1
├── UsageError            the command or the request was wrong; exit code 2
│   ├── UnknownName       no item, session or document of that name
│   └── BadInput          an answer, file or setting that cannot be used
├── ContentError          a file under knowledge/ or rubrics/ is wrong: file, field, mend
├── SearchIndexError      the search index cannot be used as it is
├── StoreError            the session store cannot be read or written
│   ├── StoreConflict     another writer was first; nothing was written
│   ├── StoreReadOnly     disk full or no permission: reading still works
│   ├── StoreCorrupt      the file was damaged or foreign and has been moved aside
│   └── StoreTooNew       written by a newer version of this program
└── ModelError            the language model could not be reached or gave nothing usable
"""


class InterviewError(Exception):
    """A problem told in words a user can act on."""

    exit_code = 1


class UsageError(InterviewError):
    """The command or the request was wrong."""

    exit_code = 2


class UnknownName(UsageError):
    """No item, session or document has that name."""


class BadInput(UsageError):
    """An answer, a file or a setting that cannot be used."""


class ContentError(InterviewError):
    """A content file is wrong. `problems` holds one line each: file, field, what to do."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class SearchIndexError(InterviewError):
    """The search index cannot be used as it is."""


class StoreError(InterviewError):
    """The session store cannot be read or written."""


class StoreConflict(StoreError):
    """Another writer was first; nothing was written."""


class StoreReadOnly(StoreError):
    """Disk full or no permission: reading still works."""


class StoreCorrupt(StoreError):
    """The file was damaged or foreign and has been moved aside."""


class StoreTooNew(StoreError):
    """The store was written by a newer version of this program."""


class ModelError(InterviewError):
    """The language model could not be reached or gave nothing usable."""
