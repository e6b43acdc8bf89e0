"""Message catalogues without GNU gettext: `compile` writes .mo files, `check` finds faults, `missing` prints entries.

Sources are English; every other language under locale/ must translate each message, with the same placeholders.
"""

import ast
import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = (
    "core",
    "staff",
    "customers",
    "tiers",
    "servicing",
    "complaints",
    "campaigns",
    "insights",
    "depositcrm",
    "templates",
)
# function name → positions of (context, singular, plural) among its arguments
PLAIN, PLURAL, CONTEXT, BOTH = (None, 0, None), (None, 0, 1), (0, 1, None), (0, 1, 2)
FUNCTIONS = {"_": PLAIN, "_t": PLAIN}
for base, shape in {"gettext": PLAIN, "ngettext": PLURAL, "pgettext": CONTEXT, "npgettext": BOTH}.items():
    FUNCTIONS |= {base: shape, f"{base}_lazy": shape}
FUNCTIONS["gettext_noop"] = PLAIN
CALL = re.compile(r"\b(gettext|ngettext|pgettext|npgettext|_t?)\(")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


@dataclass(frozen=True, slots=True)
class Key:
    """What names a message: its English text, and a context where one text has two meanings."""

    singular: str
    context: str = ""
    # The English for several, where the text is counted; it names nothing.
    plural: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.singular!r}" + (f" (context {self.context!r})" if self.context else "")


@dataclass(slots=True)
class Entry:
    """One message of a catalogue."""

    context: str = ""
    singular: str = ""
    plural: str = ""
    texts: list[str] = field(default_factory=list)
    fuzzy: bool = False

    @property
    def key(self) -> Key:
        """What names this message."""
        return Key(self.singular, self.context)


# Catalogues


def read_catalogue(path: Path) -> list[Entry]:
    """The entries of a .po file, its header first. Raises ValueError naming file and line."""
    entries, entry, target, fuzzy = [], None, "", False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.strip()
        if line.startswith("#,"):
            fuzzy = "fuzzy" in line
        if not line or line.startswith("#"):
            continue
        keyword, _, rest = ("", "", line) if line.startswith('"') else line.partition(" ")
        if keyword == "msgctxt" or (keyword == "msgid" and target != "msgctxt"):
            entry = Entry(fuzzy=fuzzy)
            entries.append(entry)
            fuzzy = False
        if entry is None or not rest.startswith('"'):
            raise ValueError(f"{path}:{number}: cannot be read: {line}")
        target = keyword or target
        _append(entry, target, ast.literal_eval(rest), new=bool(keyword))
    return entries


def _append(entry: Entry, keyword: str, text: str, *, new: bool) -> None:
    names = {"msgctxt": "context", "msgid": "singular", "msgid_plural": "plural"}
    if keyword in names:
        setattr(entry, names[keyword], getattr(entry, names[keyword]) + text)
    elif new:
        entry.texts.append(text)
    else:
        entry.texts[-1] += text


def compile_catalogue(entries: list[Entry]) -> bytes:
    """The binary form gettext reads: a sorted table of messages and a table of their translations."""
    pairs = []
    for entry in entries:
        if (entry.fuzzy and entry.singular) or not all(entry.texts):
            continue
        name = f"{entry.context}\4{entry.singular}" if entry.context else entry.singular
        name += f"\0{entry.plural}" if entry.plural else ""
        pairs.append((name.encode(), "\0".join(entry.texts).encode()))
    pairs.sort()
    start = 28 + 16 * len(pairs)
    tables: tuple[list[int], list[int]] = ([], [])
    data = b""
    for table, texts in zip(tables, ([p[0] for p in pairs], [p[1] for p in pairs]), strict=True):
        for text in texts:
            table += [len(text), start + len(data)]
            data += text + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    return head + struct.pack(f"<{4 * len(pairs)}I", *tables[0], *tables[1]) + data


# Sources


def used_messages() -> dict[Key, str]:
    """Every message of the sources, with one place that uses it."""
    found: dict[Key, str] = {}
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                messages = python_messages(path)
            elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
                messages = template_messages(path)
            else:
                continue
            for line, key in messages:
                found.setdefault(key, f"{path.relative_to(ROOT)}:{line}")
    return found


def python_messages(path: Path) -> Iterator[tuple[int, Key]]:
    """(line, message) of every call of a gettext function with a literal text."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            key = _called_with(name, node.args)
            if key:
                yield node.lineno, key


def template_messages(path: Path) -> Iterator[tuple[int, Key]]:
    """(line, message) of a template, through Django's own reading of it."""
    from django.utils.translation.template import templatize  # noqa: PLC0415  `compile` runs where only Python is sure

    source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for match in CALL.finditer(source):
        call = _first_call(source[match.start() :])
        key = _called_with(match[1], call.args) if call else None
        if key:
            yield source.count("\n", 0, match.start()) + 1, key


def _first_call(text: str) -> ast.Call | None:
    """The call at the beginning of `text`, whatever follows it."""
    for end in (m.end() for m in re.finditer(r"\)", text[:5000])):
        try:
            node = ast.parse(text[:end], mode="eval").body
        except (SyntaxError, ValueError):
            continue
        return node if isinstance(node, ast.Call) else None
    return None


def _called_with(function: str, arguments: list[ast.expr]) -> Key | None:
    context, singular, plural = FUNCTIONS.get(function, (None, None, None))
    if singular is None:
        return None
    texts = [a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else None for a in arguments]
    if len(texts) <= singular or not texts[singular]:
        return None
    others = texts[plural] if plural is not None and plural < len(texts) else ""
    return Key(texts[singular] or "", (texts[context] or "") if context is not None else "", others or "")


# Commands


def catalogues() -> list[Path]:
    """Every .po file of the project."""
    return sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po"))


def faults(path: Path, used: dict[Key, str]) -> list[str]:
    """What is wrong with a catalogue, one line each."""
    entries = [entry for entry in read_catalogue(path) if entry.singular]
    known = {entry.key: entry for entry in entries}
    lines = [f"{place}: not in the catalogue: {key}" for key, place in used.items() if key not in known]
    if len(known) != len(entries):
        seen: set[Key] = set()
        lines += [f"twice in the catalogue: {e.key}" for e in entries if e.key in seen or seen.add(e.key)]
    # Without its plural a counted text is not found, and stays English.
    lines += [
        f"{place}: msgid_plural is missing: {key}"
        for key, place in used.items()
        if key.plural and key in known and not known[key].plural
    ]
    for key, entry in known.items():
        if entry.fuzzy:
            lines.append(f"fuzzy: {key}")
        if not entry.texts or not all(entry.texts):
            lines.append(f"not translated: {key}")
        elif any(_placeholders(text) - _placeholders(entry.singular + entry.plural) for text in entry.texts):
            lines.append(f"a placeholder the English has not: {key} → {entry.texts}")
        elif _placeholders(entry.singular) - _placeholders("".join(entry.texts)) and not entry.plural:
            lines.append(f"a placeholder is lost: {key} → {entry.texts}")
        if key not in used:
            lines.append(f"no longer used: {key}")
    return [f"{path.parent.parent.name}: {line}" for line in lines]


def _placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


def check() -> int:
    """Name every fault; the exit status is 1 when there is one."""
    used = used_messages()
    found = [line for path in catalogues() for line in faults(path, used)]
    if used and not catalogues():
        found = [f"{len(used)} messages and no catalogue under locale/"]
    print("\n".join(found) or f"{len(used)} messages, all translated")
    return 1 if found else 0


def missing() -> int:
    """Entries to append to each catalogue."""
    used = used_messages()
    for path in catalogues():
        known = {entry.key for entry in read_catalogue(path)}
        for key, place in used.items():
            if key not in known:
                context = f"msgctxt {_quoted(key.context)}\n" if key.context else ""
                plural = f"msgid_plural {_quoted(key.plural)}\nmsgstr[0]" if key.plural else "msgstr"
                print(f'#: {place}\n{context}msgid {_quoted(key.singular)}\n{plural} ""\n')
    return 0


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def compile_all() -> int:
    """A .mo file beside every .po file."""
    for path in catalogues():
        path.with_suffix(".mo").write_bytes(compile_catalogue(read_catalogue(path)))
    return 0


if __name__ == "__main__":
    commands = {"compile": compile_all, "check": check, "missing": missing}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(commands)}")
    sys.exit(commands[sys.argv[1]]())
