"""Compare Chinese local governments' annual reports on law-based government.

In JupyterLab: ``from analysis import load, topics, figures``. Each part is imported when it is first used, so that a
command that needs none of them starts at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis import load
    from analysis.execute import runs
    from analysis.model import responses, similarity, specification, stats, topics, variables
    from analysis.present import figures

__version__ = "0.1.0"
__all__ = ["figures", "load", "responses", "runs", "similarity", "specification", "stats", "topics", "variables"]

_WHERE = {
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
    if name == "load":  # what it loads can show its sentences; load itself knows nothing of showing
        import_module("analysis.present.evidence_inline")
    return import_module(_WHERE[name])


def __dir__() -> list[str]:
    return [*globals(), *__all__]
