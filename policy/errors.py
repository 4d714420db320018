"""What the walls answer. Messages are in Chinese: people read them."""


class NoActor(RuntimeError):
    """A query was tried while nobody acts: a mistake of the programmer, never of a user."""


class UnguardedStatement(RuntimeError):
    """A statement that the read guard can't narrow was run in a guarded session."""


class OutOfSight(Exception):
    """The row doesn't exist for this actor: answered as 404, alike for hidden and missing rows."""


class NotAllowed(Exception):
    """The actor sees the row but may not do this: 403."""


class Changed(Exception):
    """Somebody saved the row in the meantime: 409."""


class Refused(Exception):
    """A rule of the office says no: shown at the field, with what was typed kept.

    Args:
        message: what happened and what to do, in Chinese.
        field: the name of the form field it belongs to, where there is one.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message, self.field = message, field
