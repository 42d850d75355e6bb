"""Words that a person reads lie in templates/, where an office can look at them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

PIPELINE = Path(__file__).parents[1] / "pipeline"
# Words without which hardly a sentence in Bahasa Indonesia does.
COMMON = frozenset(
    re.findall(
        r"\w+",
        "ada adalah akan atau belum berkas bila bukan dalam dan dapat dari dengan hanya harus ini itu kami karena ke "
        "lagi lebih mohon oleh pada sebagai sebelum semua setelah sudah surat tanpa tetap tidak untuk yang",
    )
)
PATTERN = re.compile(r"\(\?|\\[bdsSwW]|\[\^")  # what recognises sentences of others, and says none
# What has to stay. Never add: a new sentence belongs into templates/istilah.toml, or into pesan.toml where only the IT
# officer reads it.
STILL = {
    "casefile/waves.py": 1,  # words that tell nothing of a complaint: nobody reads them, a guess leaves them out
    "mail/phrases.py": 1,  # how a mail server may call itself in Bahasa Indonesia
    "office/messages.py": 1,  # that the file of sentences is broken cannot stand in it
}


def sentences(path: Path) -> list[str]:
    """The string constants of a file, without docstrings and patterns, that are words in a row of Bahasa Indonesia."""
    tree = ast.parse(path.read_bytes())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    ]
    return [text for text in texts if is_sentence(text)]


def is_sentence(text: str) -> bool:
    words = [word.strip(".,;:()“”") for word in text.lower().split()]
    return len(words) >= 3 and not COMMON.isdisjoint(words) and not PATTERN.search(text)


def test_a_sentence_is_told_from_a_name_and_from_a_pattern() -> None:
    assert is_sentence("Berkas rusak dan tidak dapat dibuka.")
    assert not is_sentence("surat_jawaban")
    assert not is_sentence("select from which")
    assert not is_sentence(r"(?:saya )?sedang tidak\b di kantor")


def test_no_sentence_in_bahasa_indonesia_is_added_to_code() -> None:
    found = {}
    for path in sorted(PIPELINE.rglob("*.py")):
        if "migrations" not in path.parts and (count := len(sentences(path))):
            found[path.relative_to(PIPELINE).as_posix()] = count
    more = {file: count for file, count in found.items() if count > STILL.get(file, 0)}
    assert more == {}, "words belong into templates/istilah.toml or pesan.toml"
    less = {file: count for file, count in STILL.items() if found.get(file, 0) < count}
    assert less == {}, "fewer than are listed: lower the number in STILL"
