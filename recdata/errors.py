"""The errors that a user can meet, each with the exit code that the command line gives it."""

from __future__ import annotations


class RecdataError(Exception):
    """Base of every error that recdata raises on purpose; its text is a complete message for a person."""

    exit_code = 1


class InputError(RecdataError):
    """A file or value that was given is wrong: a prediction file, a card, a raw file, a metric's name."""

    exit_code = 3


class MissingError(RecdataError):
    """Something that is needed is not there: a raw file, a corpus, a protocol, a network."""

    exit_code = 4


class MismatchError(RecdataError):
    """Bytes or counts differ from what was promised: a checksum, a fingerprint, a card's expected counts."""

    exit_code = 5


class ResourceError(RecdataError):
    """The machine could not do it: disk full, folder not writable, a limit reached, an extra not installed."""

    exit_code = 6
