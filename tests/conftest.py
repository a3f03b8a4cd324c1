"""Shared fixtures: the codebook's readers (built once) and the tables of the five reports (built once a session)."""

import os
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

from analysis import paths, tables
from analysis.extract import build, report
from analysis.extract.documents import Document, furniture

# No test may fail because the machine is busy.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def readers() -> report.Readers:
    return report.readers(paths.CODEBOOK)


@pytest.fixture
def document(readers):
    """Make a Document of a text as if it had been read from a file."""

    def make(text: str, report_id: str = "r") -> Document:
        return Document(report_id, f"{report_id}.txt", "0" * 64, text, furniture(text, readers.codebook))

    return make


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """Folder of the tables of the five reports, built afresh."""
    folder = tmp_path_factory.mktemp("tables")
    build.build(paths.REPORTS, folder)
    return folder


@pytest.fixture(scope="session")
def texts(built):
    """The reports' texts, which are not committed, beside the project's own tables, as `build` puts them there."""
    for file in (built / "text").iterdir():
        own = paths.TABLES / "text" / file.name
        if not own.exists():
            tables.write_bytes(own, file.read_bytes())
