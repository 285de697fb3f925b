"""Messages, docstrings, comments and pages do not use the phrases that were retired."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("shframe", "graph", "store", "benchmarks", "docs")
PAGES = ("README.md", "CONTRIBUTING.md")

# What is not written, as a pattern, and what is written instead.
RETIRED = {
    r"\ba text\b": "a string",
    r"\btexts\b": "strings",
    r"\bwhole numbers?\b": "an integer",
    r"\b(is|are) needed at least\b": "needs at least one",
    r"\banew\b": "again, restarted",
    r"\bby itself\b": "alone, directly",
    r"\bas far as\b": "if, where",
    r"\btravel(s|led|ling)?\b": "is pickled, is sent",
    r"\blies\b": "is stored, is",
    r"\b(it|they|that|what|which|may|can|must|could) lie\b": "are stored, are",
    r"\bwhat was said\b": "output",
    r"\bsays? so\b": "reports it",
    r"\bgive(s|n)? up\b": "cancel",
    r"\bgives? back what\b": "returns what",
    r"\bhears? of\b": "is notified of",
    r"\bis no more\b": "has ended, is closed",
    r"\bas yet\b": "until now",
    r"\b(for|to|of) who\b": "for callers that",
    r"\bfor ever\b": "forever",
    r"\b(is|are) not there\b": "is missing, is pending",
    r"\bno actor .* lives\b": "does not exist",
}
# Fine in a page about design, heavy where one line says what a call does.
HEAVY = {
    r"\bwhoever\b": "the process that",
    r"\bsomebody\b": "another thread, a user",
    r"\bnobody\b": "no process",
    r"\banybody\b": "anyone",
}


def text_of(path: Path) -> str:
    """The comments and strings of a Python file, each on a line; all of a page."""
    source = path.read_text()
    if path.suffix == ".md":
        return re.sub(r"\s+", " ", source)
    kinds = (tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1))
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return "\n".join(re.sub(r"\s+", " ", one.string) for one in tokens if one.type in kinds)


def files() -> list[Path]:
    """All sources and pages; not those behind the links in shframe/, which are there twice."""
    found = [path for one in FOLDERS for path in (ROOT / one).rglob("*.*")]
    found += [ROOT / page for page in PAGES]
    return sorted({path for path in found if path.suffix in (".py", ".md") and _is_real(path)})


def _is_real(path: Path) -> bool:
    return path.resolve() == ROOT.resolve() / path.relative_to(ROOT)


def retired_in(text: str, *, design: bool = False) -> list[str]:
    """Each retired phrase in a text with what stands instead."""
    phrases = RETIRED if design else RETIRED | HEAVY
    return [
        f"{match[0]!r} ({instead})"
        for pattern, instead in phrases.items()
        for match in re.finditer(pattern, text, re.IGNORECASE)
    ]


def test_what_is_retired_is_found() -> None:
    assert retired_in("which lies\nin a text") == ["'a text' (a string)", "'lies' (is stored, is)"]
    assert retired_in("Nobody reads it.") == ["'Nobody' (no process)"]
    assert retired_in("Nobody reads it.", design=True) == []
    assert retired_in("relies on a context, believes in textures") == []


def test_files_are_found_once() -> None:
    names = [path.relative_to(ROOT).as_posix() for path in files()]
    assert "store/store.py" in names
    assert "shframe/store/store.py" not in names
    assert "docs/design/store.md" in names


def test_nothing_that_is_retired_is_written() -> None:
    found = []
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        phrases = retired_in(text_of(path), design=name.startswith("docs/design"))
        found += [f"{name}: {phrase}" for phrase in phrases]
    assert not found, "\n".join(found)
