"""What a strict browser refuses of a page (R27)."""

import re

FAULTS = {
    "script without a file": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", re.I),
    "style element": re.compile(r"<style\b", re.I),
    "style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']", re.I),
    "script address": re.compile(r"(?:href|src|action)\s*=\s*[\"']\s*javascript:", re.I),
    "htmx script": re.compile(r"\shx-on|hx-(?:vals|headers)=[\"']js:|hx-trigger=\"[^\"]*\["),
    "something from outside": re.compile(r"(?:src|href|action|srcset)\s*=\s*[\"'](?:https?:)?//", re.I),
}


def faults(body: str) -> list[str]:
    return [f"{name}: {found[0][:80]}" for name, fault in FAULTS.items() if (found := fault.search(body))]
