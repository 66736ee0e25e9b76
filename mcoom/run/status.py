"""How far a run is, seen from outside.

Takes the folders of a run, gives counts, rate and time left. Must change nothing and disturb nobody.
"""

from dataclasses import dataclass
from typing import Any

from mcoom.run.cut import missing_ranges, ranges_text
from mcoom.run.merge import RunParts
from mcoom.run.progress import clock_text

_WINDOW_S = 600.0


@dataclass(frozen=True)
class Status:
    """State of a run."""

    parts: RunParts
    """What was found."""
    rate_per_s: float | None
    """Blocks done in a second over the last ten minutes of work; None if there is too little to tell."""

    @property
    def n_blocks(self) -> int:
        """Blocks of the run."""
        return len(self.parts.scan.done)

    @property
    def n_done(self) -> int:
        """Blocks done."""
        return int(self.parts.scan.done.sum())

    @property
    def owners(self) -> dict[str, str]:
        """Who works on which shard now."""
        return {shard: str(owner) for folder in self.parts.folders for shard, owner in folder.owners().items()}

    @property
    def quarantined(self) -> list[str]:
        """Files that were set aside."""
        return [str(path) for folder in self.parts.folders for path in folder.quarantined()]

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain data; ``missing`` lists [first, last, step] of block numbers."""
        owners = self.owners
        entries = self.parts.manifest.entries
        eta_s = (self.n_blocks - self.n_done) / self.rate_per_s if self.rate_per_s and owners else None
        return {
            "folders": [str(folder.path) for folder in self.parts.folders],
            "scenario": entries["scenario_name"],
            "plan_id": self.parts.manifest.plan_id,
            "seed": entries["seed"],
            "n_points": entries["n_points"],
            "replicates": entries["replicates"],
            "n_blocks": self.n_blocks,
            "n_done": self.n_done,
            "n_missing": self.n_blocks - self.n_done,
            "missing": [[r[0], r[-1], r.step] for r in missing_ranges(self.parts.scan.done)],
            "n_parts": len(self.parts.scan.parts),
            "unusable": [{"file": str(item.path), "reason": item.reason} for item in self.parts.scan.rejected],
            "quarantined": self.quarantined,
            "at_work": owners,
            "blocks_per_s": None if self.rate_per_s is None else round(self.rate_per_s, 4),
            "eta_s": None if eta_s is None else round(eta_s, 1),
        }

    def to_text(self) -> str:
        """Return the state as lines."""
        data = self.to_json()
        share = self.n_done / self.n_blocks
        speed = "" if self.rate_per_s is None else f"  {self.rate_per_s:,.2f} blocks/s"
        n_files = f"{data['n_parts']} file" + ("s" if data["n_parts"] != 1 else "")
        left = "" if data["eta_s"] is None else f"  ETA {clock_text(data['eta_s'])}"
        lines = [
            f"{data['scenario']}  seed {data['seed']}  plan {data['plan_id'][:12]}",
            f"done       {self.n_done:,} of {self.n_blocks:,} blocks ({share:.1%}), {n_files}{speed}{left}",
        ]
        stops = self.parts.design.scenario.stopping is not None
        if stops:
            lines.append("until      stops by itself: blocks are counted against the most it may take")
        elif data["n_missing"]:
            lines.append(f"missing    {ranges_text(missing_ranges(self.parts.scan.done))}")
        lines += [f"at work    shard {shard}: {owner}" for shard, owner in data["at_work"].items()]
        lines += [f"unusable   {item['file']}: {item['reason']}" for item in data["unusable"]]
        lines += [f"set aside  {name}" for name in data["quarantined"]]
        return "\n".join(lines)


def status_of(parts: RunParts) -> Status:
    """Measure the rate of a run by the times of its part files."""
    written = sorted((stored.modified_s, stored.part.n_blocks) for stored in parts.scan.parts)
    recent = [(at, n) for at, n in written if written[-1][0] - at <= _WINDOW_S]
    # The first file of the window began before it; its end is where the clock starts.
    elapsed_s = recent[-1][0] - recent[0][0] if recent else 0.0
    n = sum(n for _, n in recent[1:])
    return Status(parts, n / elapsed_s if n and elapsed_s > 0 else None)
