"""From measured cells to a table."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any

Question = tuple[str, str]  # expression, zone


@dataclass
class Peer:
    name: str
    nanoseconds: dict[Question, float] = field(default_factory=dict)  # the best of the rounds
    wrong: dict[Question, int] = field(default_factory=dict)
    absent: dict[Question, str] = field(default_factory=dict)

    def in_zone(self, zone: str) -> dict[str, float]:
        return {expression: ns for (expression, of), ns in self.nanoseconds.items() if of == zone}

    def wrong_in(self, zone: str) -> int:
        return sum(count for (_, of), count in self.wrong.items() if of == zone)


def ratio(peer: dict[str, float], base: dict[str, float]) -> float | None:
    """How many times slower `peer` is, over the expressions that both have."""
    common = peer.keys() & base.keys()
    return statistics.geometric_mean(peer[e] / base[e] for e in common) if common else None


def base_of(name: str, python_peers: set[str]) -> str:
    return "duetime Python" if name in python_peers else "duetime C++"


def row(peer: Peer, zone: str, base: Peer | None) -> dict[str, Any] | None:
    times = peer.in_zone(zone)
    if not times:
        return None
    worst = max(times, key=times.__getitem__)
    return {
        "peer": peer.name,
        "zone": zone,
        "expressions": len(times),
        "geometric_mean_ns": statistics.geometric_mean(times.values()),
        "median_ns": statistics.median(times.values()),
        "worst_ns": times[worst],
        "worst_expression": worst,
        "wrong_answers": peer.wrong_in(zone),
        "compared_with": base.name if base else None,
        "times_slower": ratio(times, base.in_zone(zone)) if base else None,
    }


def rows(peers: dict[str, Peer], zones: list[str], python_peers: set[str]) -> list[dict[str, Any]]:
    made = []
    for zone in zones:
        found = [row(peer, zone, peers.get(base_of(peer.name, python_peers))) for peer in peers.values()]
        made += sorted(filter(None, found), key=lambda r: (r["peer"] in python_peers, r["geometric_mean_ns"]))
    return made


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _summary(table: list[dict[str, Any]], zone: str) -> list[str]:
    lines = [
        f"## {zone}, ns per call",
        "",
        "| peer | geometric mean | median | worst | at | expressions | wrong | times duetime |",
        "|---|---:|---:|---:|---|---:|---:|---:|",
    ]
    for r in table:
        if r["zone"] != zone:
            continue
        numbers = [_number(r[key]) for key in ("geometric_mean_ns", "median_ns", "worst_ns")]
        cells = [r["peer"], *numbers, f"`{r['worst_expression']}`", str(r["expressions"]), str(r["wrong_answers"])]
        lines.append("| " + " | ".join([*cells, _number(r["times_slower"])]) + " |")
    return [*lines, ""]


def _details(peers: dict[str, Peer], table: list[dict[str, Any]], zone: str, expressions: list[str]) -> list[str]:
    shown = [peers[r["peer"]] for r in table if r["zone"] == zone]
    lines = [
        f"### {zone}, each expression",
        "",
        "| expression | " + " | ".join(peer.name for peer in shown) + " |",
        "|---|" + "---:|" * len(shown),
    ]
    for expression in expressions:
        cells = []
        for peer in shown:
            wrong = peer.wrong.get((expression, zone), 0)
            cells.append(_number(peer.nanoseconds.get((expression, zone))) + (f" ({wrong} wrong)" if wrong else ""))
        lines.append(f"| `{expression}` | " + " | ".join(cells) + " |")
    return [*lines, ""]


def markdown(
    peers: dict[str, Peer], table: list[dict[str, Any]], zones: list[str], expressions: list[str], skipped: list[str]
) -> str:
    lines = ["# Next fire time, side by side", ""]
    for zone in zones:
        lines += _summary(table, zone)
    for zone in zones:
        lines += _details(peers, table, zone, expressions)
    absent = sorted({(peer.name, e, why) for peer in peers.values() for (e, _), why in peer.absent.items()})
    if absent:
        lines += ["## Absent", "", *[f"- {name}, `{e}`: {' '.join(why.split())}" for name, e, why in absent], ""]
    if skipped:
        lines += ["## Skipped", "", *[f"- {line}" for line in skipped], ""]
    return "\n".join(lines)
