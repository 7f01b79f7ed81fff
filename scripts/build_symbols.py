"""Builds apps/market/data/symbols.json: the S&P 500 and 600, Nasdaq-100 and Dow, and what own_symbols.toml adds.

Run from the project's root: `python -m scripts.build_symbols`. The index lists come from the package
pytickersymbols (MIT), which pip downloads to a temporary folder; its data module is read as a literal, not run.
"""

import ast
import json
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from apps.market.symbols.instruments import FILE, name_key

PACKAGE = "pytickersymbols==1.17.10"
INDICES = ("DOW JONES", "NASDAQ 100", "S&P 100", "S&P 500", "S&P 600")
OWN = Path(__file__).with_name("own_symbols.toml")

LEGAL_FORM = re.compile(r",?\s(?:Inc|Incorporated|Corp|Corporation|Company|Co|plc|Ltd|Limited|N\.A|& Co)\.?$")
SECTORS = {
    "communication services": "Communication services",
    "telecommunications": "Communication services",
    "computer software": "Information technology",
    "semiconductors": "Information technology",
    "edp services": "Information technology",
    "biotechnology": "Health care",
    "beverages": "Consumer staples",
    "hydrocarbon exploration": "Energy",
    "consumer discretionary": "Consumer discretionary",
    "consumer cyclicals": "Consumer discretionary",
    "consumer staples": "Consumer staples",
    "consumer non-cyclicals": "Consumer staples",
    "energy": "Energy",
    "financials": "Financials",
    "health care": "Health care",
    "healthcare": "Health care",
    "industrials": "Industrials",
    "information technology": "Information technology",
    "technology": "Information technology",
    "materials": "Materials",
    "basic materials": "Materials",
    "real estate": "Real estate",
    "utilities": "Utilities",
}

Row = tuple[str, str, str, str]


def main() -> None:
    own = tomllib.loads(OWN.read_text())
    rows = sorted(index_rows(own["names"]) | own_rows(own))
    listing = {
        "instruments": rows,
        "aliases": aliases(rows, own),
        "common_names": sorted(own["common_names"]),
        "distinctive": sorted(own["distinctive"]),
        "popular": own["popular"],
        "stand_ins": own["stand_ins"],
    }
    symbols = {row[0] for row in rows}
    for target in (*listing["aliases"].values(), *own["popular"], *own["stand_ins"].values()):
        if target not in symbols:
            raise SystemExit(f"{target} is named but not listed")
    FILE.write_text(compact_json(listing), encoding="utf-8")
    print(f"{FILE.name}: {len(rows)} instruments, {len(listing['aliases'])} aliases")


def index_rows(names: dict[str, str]) -> set[Row]:
    indices = downloaded()
    companies: dict[str, Any] = {}
    for index in INDICES:
        for company in indices[index]["companies"]:
            companies.setdefault(company["symbol"], company)
    return {
        (symbol, names.get(symbol) or display_name(company["name"]), "stock", sector(company["industries"]))
        for symbol, company in companies.items()
    }


def own_rows(own: dict[str, Any]) -> set[Row]:
    return {
        (symbol, name, asset, industry)
        for table, asset in (("stocks", "stock"), ("etfs", "etf"), ("crypto", "crypto"))
        for symbol, (name, industry) in own[table].items()
    }


def downloaded() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE], check=True
        )
        (wheel,) = Path(folder).glob("*.whl")
        module = ast.parse(zipfile.ZipFile(wheel).read("pytickersymbols/indices_data.py"))
    (assignment,) = (node for node in module.body if isinstance(node, ast.Assign))
    indices: dict[str, Any] = ast.literal_eval(assignment.value)
    return indices


def display_name(name: str) -> str:
    """The name people use: without legal form, leading article and remarks in brackets."""
    name = re.sub(r"\s\([^)]*\)$", "", name).removeprefix("The ").replace("’", "'")
    while (shorter := LEGAL_FORM.sub("", name)) != name and " " in name:
        name = shorter
    return name


def sector(industries: list[str]) -> str:
    known = [SECTORS[industry.lower()] for industry in industries if industry.lower() in SECTORS]
    return Counter(known).most_common(1)[0][0] if known else industries[0] if industries else ""


def aliases(rows: list[Row], own: dict[str, Any]) -> dict[str, str]:
    """Names as people type them → symbol. A name that two symbols share is left to the hand-written aliases."""
    found: dict[str, set[str]] = {}
    for symbol, name, asset, _ in rows:
        plain = re.sub(r"\s\([^)]*\)$", "", name)
        if asset == "etf" or (plain.isupper() and len(plain) <= 4):
            continue
        key = name_key(plain)
        for form in {key, key.replace(" s ", "s ").removesuffix(" s") + "s" if key.endswith(" s") else key}:
            found.setdefault(form, set()).add(symbol)
    by_name = {
        name: next(iter(symbols))
        for name, symbols in found.items()
        if len(symbols) == 1 and len(name) >= 3 and name not in own["never_aliases"]
    }
    by_hand = {name_key(name): symbol for name, symbol in own["aliases"].items()}
    return dict(sorted((by_name | by_hand).items()))


def compact_json(listing: dict[str, Any]) -> str:
    """One line an instrument, so that a change of the list can be read in a diff."""
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in listing["instruments"])
    rest = {name: value for name, value in listing.items() if name != "instruments"}
    body = ",\n".join(f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in rest.items())
    return f'{{\n"instruments": [\n{rows}\n],\n{body}\n}}\n'


if __name__ == "__main__":
    main()
