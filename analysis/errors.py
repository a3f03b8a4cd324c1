"""In: what went wrong, where, and what to do. Out: one exception that shows ten failures and keeps all of them."""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import category

SHOWN = 10
_UNSEEN = {"Cc", "Cf", "Cs"}  # of Unicode: controls, marks of direction, halves of letters


class AnalysisError(ValueError):
    """Base of every error a user can mend.

    Parameters
    ----------
    failures : str or iterable of str
        One sentence a failure: where it is, what was seen, what was expected, what to do.

    Attributes
    ----------
    failures : list of str
        All of them; the message shows the first ten.
    """

    def __init__(self, failures: str | Iterable[str]):
        self.failures = [failures] if isinstance(failures, str) else list(failures)
        shown = self.failures[:SHOWN]
        left = len(self.failures) - len(shown)
        tail = [f"… and {left} more (see the exception's .failures)"] if left else []
        super().__init__("\n".join(shown + tail))

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows below a cell: the message and the cell's line, not the way through this package."""
        import traceback

        frames = traceback.extract_tb(self.__traceback__)
        cell = next((one for one in frames if "ipykernel" in one.filename or one.filename.startswith("<ipython")), None)
        where = [f"in line {cell.lineno} of the cell: {cell.line}"] if cell and cell.line else []
        whole = "The whole traceback: import traceback; traceback.print_last()"
        return [f"\x1b[31m{type(self).__name__}\x1b[0m: {self}", *where, whole]

    def __reduce__(self):  # survives pickling on its way back from a worker process
        return type(self), (self.failures,)


class CodebookError(AnalysisError):
    """A file under data/codebook, data/lexicon, the ledger or corrections.csv is not usable as it stands."""


class DocumentError(AnalysisError):
    """A report file cannot be read as a text: empty, binary, needs OCR, password protected."""


class DataError(AnalysisError):
    """A table does not have the columns, types or keys that tables.py declares."""


class ParameterError(AnalysisError):
    """A notebook, command or function got a parameter it does not know, or a value it cannot take."""


class ModelError(AnalysisError):
    """A statistical model cannot be fitted to these data: separation, no variance, too few reports, no convergence."""


class RunError(AnalysisError):
    """A notebook failed while running."""


class FigureError(AnalysisError):
    """A figure cannot be drawn as asked: a missing glyph, an unknown language, nothing to draw."""


class FolderError(AnalysisError):
    """A folder cannot be written: the disk is full or read-only, or another process is at work there."""


def legible(text: str) -> str:
    """Return a text whose controls are shown as codes: a file's name must not steer a terminal or turn its writing."""
    return "".join(one if one in "\n\t" or category(one) not in _UNSEEN else ascii(one)[1:-1] for one in text)


def closest(word: str, known: Iterable[str]) -> str:
    """Return `` Closest: 'x'.`` for the known word most like `word`, or an empty string."""
    import difflib

    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" Closest: '{found[0]}'." if found else ""
