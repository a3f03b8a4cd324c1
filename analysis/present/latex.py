"""In: texts and rows of printed cells. Out: LaTeX that shows them as they are: nothing in a cell is a command."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Chinese characters and dashes stay as they are: xelatex and lualatex read them.
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}",
    "\u00a0": "~", "\n": " ", "−": "$-$", "≥": r"$\geq$", "≤": r"$\leq$", "≈": r"$\approx$",
    "×": r"$\times$", "÷": r"$\div$", "±": r"$\pm$", "χ": r"$\chi$", "ρ": r"$\rho$",
    "η": r"$\eta$", "δ": r"$\delta$", "α": r"$\alpha$",
    "κ": r"$\kappa$", "τ": r"$\tau$", "²": r"\textsuperscript{2}",
}  # fmt: skip
_RUN = re.compile("|".join(map(re.escape, _SPECIAL)))
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # LaTeX stops at some of them, ends a paragraph at others
_PAIR = re.compile("([-'])(?=\\1)")  # two of them would become a dash or a quotation mark
_PACKAGES = "% Needs \\usepackage{array,booktabs,longtable,textcomp}; Chinese: xelatex or lualatex with ctex."
LONG = 30  # rows of a table that fit on a page; longer ones break across pages


def escape(text: str) -> str:
    """Return `text` so that LaTeX prints it: every special character escaped, line breaks and controls as spaces.

    Chinese characters stay (xelatex or lualatex with ctex); mathematical signs are set from LaTeX's own fonts.
    """
    return _PAIR.sub(r"\1{}", _RUN.sub(lambda found: _SPECIAL[found[0]], _CONTROL.sub(" ", text)))


def _cell(text: str) -> str:
    """A cell after `\\\\` must not begin with [ or *: LaTeX takes these for the options of the line break."""
    return f"{{}}{escape(text)}" if text[:1] in ("[", "*") else escape(text)


def table(
    label: str, title: str, notes: Sequence[str], head: Sequence[str], rows: Sequence[Sequence[str]],
    widths: Sequence[float | None], right: Sequence[bool],
) -> str:  # fmt: skip
    """Return a booktabs table to be read with `\\input`: a float, or a longtable past `LONG` rows.

    Parameters
    ----------
    label : str
        For `\\ref`, without `tab:`.
    title, notes : str, sequence of str
        The caption above; a paragraph each below.
    head, rows : sequence of str
        Printed texts, not yet escaped.
    widths : sequence of float or None
        Width of a column whose text wraps, as a share of the line; None for one as wide as its longest cell.
    right : sequence of bool
        Whether a column is set flush right: numbers.
    """
    kinds = [
        f">{{\\raggedright\\arraybackslash}}p{{{width:.3f}\\linewidth}}" if width else "r" if flush else "l"
        for width, flush in zip(widths, right, strict=True)
    ]
    spec = f"@{{}}{''.join(kinds)}@{{}}"
    caption = f"\\caption{{{escape(title)}}}\\label{{tab:{label}}}"
    heads = f"{' & '.join(map(_cell, head))} \\\\"
    body = [f"{' & '.join(map(_cell, row))} \\\\" for row in rows]
    below = [escape(note) for note in notes]
    if len(rows) > LONG:
        last = [
            f"\\multicolumn{{{len(head)}}}{{@{{}}p{{\\linewidth}}@{{}}}}{{\\footnotesize {one}}}\\\\" for one in below
        ]
        lines = [
            "{\\small", f"\\begin{{longtable}}{{{spec}}}", f"{caption}\\\\", "\\toprule", heads, "\\midrule",
            "\\endfirsthead", "\\toprule", heads, "\\midrule", "\\endhead", "\\bottomrule", "\\endfoot",
            "\\bottomrule", *last, "\\endlastfoot", *body, "\\end{longtable}", "}",
        ]  # fmt: skip
    else:
        lines = [
            "\\begin{table}[htbp]", "\\centering\\small", caption, f"\\begin{{tabular}}{{{spec}}}", "\\toprule",
            heads, "\\midrule", *body, "\\bottomrule", "\\end{tabular}",
            *(f"\\par\\smallskip\\parbox{{\\linewidth}}{{\\footnotesize {one}}}" for one in below), "\\end{table}",
        ]  # fmt: skip
    return "\n".join([_PACKAGES, *lines]) + "\n"
