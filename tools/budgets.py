"""Size budgets: nothing grows past what one can take in at a look. The aims are printed, the limits enforced."""

import ast
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("core", "staff", "customers", "tiers", "servicing", "complaints", "campaigns", "insights", "depositcrm")
FILE_LINES, FUNCTION_LINES, CLASS_LINES, TEMPLATE_LINES = 400, 50, 150, 150
Size = tuple[str, int]


def python_files() -> Iterator[Path]:
    """Every Python file of ours; migrations are generated and never read again."""
    for folder in (*PRODUCT, "tests", "tools"):
        yield from (
            p for p in sorted((ROOT / folder).rglob("*.py")) if not {"migrations", "node_modules"} & set(p.parts)
        )


def templates() -> Iterator[Path]:
    """Every template, wherever it lies."""
    for folder in ("templates", *PRODUCT):
        yield from sorted((ROOT / folder).rglob("*.html"))


def lines(path: Path) -> int:
    """Lines of a file."""
    return path.read_text(encoding="utf-8").count("\n")


def parts(path: Path, kinds: type | tuple[type, ...]) -> Iterator[Size]:
    """(place, lines) of every function or class of a file, decorators not counted."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, kinds):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def main() -> int:
    """Name everything past its limit; the exit status is 1 when there is anything."""
    files = list(python_files())
    product = [path for path in files if path.relative_to(ROOT).parts[0] in PRODUCT]
    functions = [size for path in files for size in parts(path, (ast.FunctionDef, ast.AsyncFunctionDef))]
    measured: list[tuple[str, int, list[Size]]] = [
        ("file", FILE_LINES, [(str(path.relative_to(ROOT)), lines(path)) for path in files]),
        ("function", FUNCTION_LINES, functions),
        ("class", CLASS_LINES, [size for path in files for size in parts(path, ast.ClassDef)]),
        ("template", TEMPLATE_LINES, [(str(path.relative_to(ROOT)), lines(path)) for path in templates()]),
    ]
    over = [
        f"{place}: {size} lines, a {kind} may have {limit}"
        for kind, limit, sizes in measured
        for place, size in sizes
        if size > limit
    ]
    file_sizes = [lines(path) for path in product if lines(path)] or [0]
    ours = sorted(size for path in product for _, size in parts(path, (ast.FunctionDef, ast.AsyncFunctionDef))) or [0]
    print(f"product files: median {statistics.median(file_sizes):.0f} lines (aim 80)", end="; ")
    print(
        f"functions: median {statistics.median(ours):.0f} (aim 9), nine of ten ≤ {ours[len(ours) * 9 // 10]} (aim 30)"
    )
    print("\n".join(over))
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
