"""In: a text. Out: Markdown that shows it as it is."""

import re

_SPECIAL = re.compile(r"([\\`*_\[\]#|~])")


def escape(text: str) -> str:
    """Return `text` on one line with no character that Markdown or HTML would act on."""
    inert = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", " ".join(inert.split()))
