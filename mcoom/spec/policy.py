"""Policies: records of words and parameters that become one row of integer codes.

Takes the tables of ``mcoom/policies/*.toml`` and the ``[[policy]]`` tables of a scenario, gives frozen ``Policy``
records. Must not know what the engine does with a code; a new combination of mechanisms needs no code at all.
"""

from dataclasses import dataclass, fields
from typing import Annotated

from mcoom.codes import Holder, Lock, Release, Reserves, Sched, Selection
from mcoom.spec import kind
from mcoom.spec.model import DottedName, Fixed, Table, Text, key

SCHED = kind.word(**{"cfs-4.13": Sched.CFS413, "cfs-6.1": Sched.CFS61})
"""Words of the scheduler rules."""
LOCK = kind.word(
    trylock_spin=Lock.TRYLOCK_SPIN, trylock_sleep=Lock.TRYLOCK_SLEEP, lock_killable=Lock.LOCK_KILLABLE
)  # fmt: skip
"""Words of the lock rules."""
HOLDER = kind.word(
    none=Holder.NONE, sleep_under_lock=Holder.SLEEP_UNDER_LOCK, sleep_after_unlock=Holder.SLEEP_AFTER_UNLOCK
)
"""Words of what the owner does after a kill."""
RELEASE = kind.word(
    exit_only=Release.EXIT_ONLY,
    reaper=Release.REAPER,
    reaper_with_lock=Release.REAPER_WITH_LOCK,
    reaper_delayed=Release.REAPER_DELAYED,
)
"""Words of who frees the victim's memory."""
RESERVES = kind.word(none=Reserves.NONE, full=Reserves.FULL, half=Reserves.HALF)
"""Words of how far below the min mark a victim may allocate."""
SELECTION = kind.word(
    **{
        "badness-4.13": Selection.BADNESS_4_13,
        "badness-5.9": Selection.BADNESS_5_9,
        "allocating_task": Selection.ALLOCATING_TASK,
        "random": Selection.RANDOM,
    }
)
"""Words of the choice of the victim."""


@dataclass(frozen=True)
class Policy:
    """One policy; the integer fields are the columns ``POLICY_FIELDS`` of the engine.

    Attributes
    ----------
    name, title, source
        Words for people; ``source`` names kernel files, functions and versions.
    sched, lock, lock_k, holder, holder_k, report, release, reap_delay_ms, reserves, selection, lru_fallback,
    reap_exiting, rt_reserve
        docs/model.md section 1.
    """

    name: str
    title: str
    source: str
    sched: int
    lock: int
    lock_k: int
    holder: int
    holder_k: int
    report: int
    release: int
    reap_delay_ms: int
    reserves: int
    selection: int
    lru_fallback: int
    reap_exiting: int
    rt_reserve: int

    def canonical(self) -> list[object]:
        """Give the content as plain JSON values, for ``spec_id``."""
        return [getattr(self, f.name) for f in fields(self)]

    def words(self) -> dict[str, str | int | bool]:
        """Give the fields as a policy file writes them."""
        return {
            "sched": _word(SCHED, self.sched),
            "lock": _word(LOCK, self.lock),
            "lock_k": self.lock_k,
            "holder": _word(HOLDER, self.holder),
            "holder_k": self.holder_k,
            "report": bool(self.report),
            "release": _word(RELEASE, self.release),
            "reap_delay": f"{self.reap_delay_ms} ms",
            "reserves": _word(RESERVES, self.reserves),
            "selection": _word(SELECTION, self.selection),
            "lru_fallback": bool(self.lru_fallback),
            "reap_exiting": bool(self.reap_exiting),
            "rt_reserve": self.rt_reserve,
        }


class PolicyTable(Table):
    """``[policy]`` of a policy file, ``[[policy]]`` of a scenario."""

    name: DottedName = key(description="name, as in scenario.policies")
    title: Text = key(description="one line for lists")
    source: Text = key(description="where the mechanisms come from")
    base: DottedName | None = key(None, description="policy whose fields count where this one says nothing")
    sched: Annotated[int, Fixed(SCHED)] = key(description="scheduler rules")
    lock: Annotated[int, Fixed(LOCK)] = key(description="what the loser of the trylock does")
    lock_k: Annotated[int, Fixed(kind.count(0, 100_000))] = key(1, description="jiffies that a loser sleeps")
    holder: Annotated[int, Fixed(HOLDER)] = key(description="what the owner does after a kill")
    holder_k: Annotated[int, Fixed(kind.count(0, 100_000))] = key(1, description="jiffies that the owner sleeps")
    report: Annotated[int, Fixed(kind.FLAG)] = key(True, description="a kill is reported with the lock held")
    release: Annotated[int, Fixed(RELEASE)] = key(description="who frees the victim's memory")
    reap_delay: Annotated[int, Fixed(kind.time(1000))] = key("2 s", description="delay of reaper_delayed")
    reserves: Annotated[int, Fixed(RESERVES)] = key(description="how far below the min mark a victim may allocate")
    selection: Annotated[int, Fixed(SELECTION)] = key(description="which process is killed")
    lru_fallback: Annotated[int, Fixed(kind.FLAG)] = key(
        False, description="with empty LRUs the retry test counts the free pages twice"
    )
    reap_exiting: Annotated[int, Fixed(kind.FLAG)] = key(
        True, description="the reaper helps an exit under way (since 4.14); else it leaves it and allows the next kill"
    )

    rt_reserve: Annotated[int, Fixed(kind.count(2, 1000))] = key(
        4, description="a FIFO or RR task may go below the min mark by this fraction of it: 4 is a quarter"
    )

    def record(self) -> Policy:
        """Give the policy as a record of codes."""
        values = {f.name: getattr(self, f.name) for f in fields(Policy) if f.name != "reap_delay_ms"}
        return Policy(**values, reap_delay_ms=self.reap_delay // 1_000_000)


def _word(of: kind.Kind, code: int) -> str:
    """Find the word of a code."""
    return next(word for word, value in of.words.items() if value == code)
