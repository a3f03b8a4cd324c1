"""Compare Chinese local governments' annual reports on law-based government.

In JupyterLab: ``from analysis import load, topics, figures``. Each part is imported when it is first used, so that a
command that needs none of them starts at once.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis import desk, load
    from analysis.execute import runs
    from analysis.model import responses, similarity, specification, stats, topics, variables
    from analysis.present import figures

__version__ = "0.1.0"
__all__ = [
    "desk",
    "figures",
    "load",
    "responses",
    "runs",
    "similarity",
    "specification",
    "stats",
    "topics",
    "variables",
]

_WHERE = {
    "desk": "analysis.desk",
    "figures": "analysis.present.figures",
    "load": "analysis.load",
    "responses": "analysis.model.responses",
    "runs": "analysis.execute.runs",
    "similarity": "analysis.model.similarity",
    "specification": "analysis.model.specification",
    "stats": "analysis.model.stats",
    "topics": "analysis.model.topics",
    "variables": "analysis.model.variables",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'analysis' has no '{name}'. It offers: {', '.join(__all__)}.")
    for accessor in ("evidence_inline", "browse"):  # what `load` loads can show its sentences and be sorted in place
        import_module(f"analysis.present.{accessor}")
    import_module("analysis.completion").register()
    module = import_module(_WHERE[name])
    _narrow(module)
    return module


def _narrow(module: ModuleType) -> None:
    """Let the Tab key offer what is meant to be used: `__all__`, else what the module defines; its parts likewise."""
    own = [one for one, value in vars(module).items() if one[0] != "_" and _home(value) == module.__name__]
    offered = getattr(module, "__all__", None) or own
    vars(module).setdefault("__dir__", lambda: list(offered))
    for one in offered:
        if isinstance(part := getattr(module, one), ModuleType):
            _narrow(part)


def _home(value: object) -> str:
    return getattr(value, "__module__", "")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
