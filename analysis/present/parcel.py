"""In: a folder of figures, tables and quoted numbers. Out: one to send: captions, methods, versions, manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from analysis import paths, tables
from analysis.present import export, labels, latex, markdown, methods, numbers, sidecar


def clear(folder: Path, but: Collection[Path] = ()) -> None:
    """Remove what an earlier run made in `folder`: files of its sidecars, numbers and the page of topics.

    Nothing of an earlier corpus stays among the figures of a new one, which are those of `but`. Other files are not
    touched, nor those that `finish` writes anew.
    """
    stems = [path.stem for lang in labels.LANGS for path in folder.glob(f"*.{lang}.json")]
    suffixes = (*{suffix for kind in export.FORMATS.values() for suffix in kind}, "json")  # as long as it is there, the
    ours = [folder / f"{stem}.{suffix}" for stem in stems for suffix in suffixes]  # next run knows the others too
    more = [*(folder / numbers.FOLDER).glob("*.json"), *folder.glob(export.TOPICS)]
    for path in [*more, *ours]:
        if path not in but:
            path.unlink(missing_ok=True)


def finish(folder: Path, tables_folder: Path) -> list[str]:
    """Write captions, methods, numbers, versions, the page and the manifest of a figure set.

    The same figures, tables and numbers give the same bytes.

    Parameters
    ----------
    folder : Path
        Where notebooks saved figures and tables.
    tables_folder : Path
        The tables they were made of.

    Returns
    -------
    list of str
        Keys of the sentences of methods.csv that are left out because the run has nothing to fill them with.

    Raises
    ------
    FigureError
        Nothing was saved there, a file of it is missing, or two notebooks quote a number under one name.
    """
    found = export.records(folder)
    quoted = numbers.join(folder)
    filled, left_out = methods.paragraphs(methods.facts(found, quoted, tables_folder))
    texts = captions(found) | methods.files(filled) | {"versions.json": sidecar.dump(methods.software())}
    for name, content in texts.items():
        tables.write_bytes(folder / name, content)
    export.gallery(folder, whole=True)
    tables.write_bytes(folder / "manifest.json", manifest(folder))
    return left_out


def captions(found: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, bytes]:
    """Return captions.md, both languages, and captions.<lang>.tex: every figure and table ready to be placed."""
    made, sections = {}, []
    for lang in labels.LANGS:
        say = labels.load(lang)
        records = [one[lang] for one in found.values() if lang in one]
        sections.append(f"## {say('title.captions')}\n")
        for record in records:
            below = " ".join([record["caption"], *record.get("notes", ())])
            sections.append(f"**{markdown.escape(export.heading(record, say))}** {markdown.escape(below)}\n")
        made[f"captions.{lang}.tex"] = "\n".join(map(_placed, records)).encode()
    return {"captions.md": "\n".join(sections).encode(), **made}


def _placed(record: Mapping[str, Any]) -> str:
    stem = f"{record['name']}.{record['lang']}"
    if export.kind(record) == "table":
        return f"\\input{{{stem}.tex}}\n"
    label = record["name"].partition("_")[2].replace("_", "-") or record["name"]
    return (
        f"\\begin{{figure}}[htbp]\n\\centering\n\\includegraphics[width=\\linewidth]{{{stem}.pdf}}\n"
        f"\\caption[{{{latex.escape(record['title'])}}}]{{{latex.escape(record['title'])}. "
        f"{latex.escape(record['caption'])}}}\n\\label{{fig:{label}}}\n\\end{{figure}}\n"
    )


def manifest(folder: Path) -> bytes:
    """Return the sha256 of every file below `folder` but the manifest itself, sorted by path, as JSON.

    Evidence pages, which are written after it and have a manifest of their own, are left out: those that are there now
    are of an earlier run.
    """
    evidence = folder / paths.EVIDENCE.name
    files = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file()
        and not path.name.startswith(".")
        and path != folder / "manifest.json"
        and evidence not in path.parents
    }
    return sidecar.dump({name: hashlib.sha256(files[name].read_bytes()).hexdigest() for name in sorted(files)})
