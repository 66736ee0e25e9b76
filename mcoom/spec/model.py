"""The tables of a scenario file: every key, its kind, its default, and one sentence on what it means.

Takes raw TOML tables, gives frozen pydantic models whose fields are laws, words and integers. Must not know rules that
join several keys (``check.py``), files (``load.py``) or arrays (``mcoom.lower``).
"""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator
from pydantic_core import core_schema

from mcoom.codes import BoostFrom, Engine, Preempt, Program, SchedClass, StartKind, Until
from mcoom.spec import kind
from mcoom.spec.law import Law, parse_law
from mcoom.spec.shape import Shape, parse_shape

KILLS_MAX = 8
"""Most invocations recorded in an episode."""
GROUPS_MAX = 16
"""Most groups of one crowd."""
TASKS_MAX = 1 << 16
"""Most tasks of one class or crowd."""

SCHED_POLICY = kind.word(
    other=SchedClass.OTHER, batch=SchedClass.BATCH, idle=SchedClass.IDLE, fifo=SchedClass.FIFO, rr=SchedClass.RR
)
"""Scheduling policies of a task."""
PROGRAM = kind.word(allocator=Program.ALLOCATOR, hog=Program.HOG, sleeper=Program.SLEEPER)
"""Programs of a task."""
GATE = kind.word(first_lock=StartKind.FIRST_LOCK, first_kill=StartKind.FIRST_KILL, first_exit=StartKind.FIRST_EXIT)
"""Events that open a gate."""
WATERMARKS = kind.word(**{"linux-4.13": 0, "linux-6.1": 1})
"""Versions of the watermark formulas."""
BOOST_FROM = kind.word(start=BoostFrom.START, first_kill=BoostFrom.FIRST_KILL)
"""Moments from which the watermark boost holds."""
UNLIMITED = {"unlimited": -1}
"""The word for no bound."""


def _law(of: kind.Kind, raw: object) -> Law | None:
    return None if raw is None else parse_law(of, raw)


def _text(raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError("not a text; allowed: a string in quotes")
    return raw


def _name(raw: object) -> str:
    if not isinstance(raw, str) or not raw or set(raw) & set(' .[]"=\t\n'):
        raise ValueError('not a name; allowed: a string without blanks, dots, brackets, quotes or "="')
    return raw


def _dotted_name(raw: object) -> str:
    if not isinstance(raw, str) or not raw or set(raw) & set(' []"=\t\n'):
        raise ValueError('not a name; allowed: a string without blanks, brackets, quotes or "="')
    return raw


def _names(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
        raise ValueError("not a list of words; allowed: a list of strings in quotes")
    if len(set(raw)) != len(raw):
        raise ValueError("the same word twice; allowed: different words")
    return tuple(raw)


def _cpus(raw: object) -> tuple[int, ...] | None:
    allowed = "allowed: 'all', or a list of different CPUs from 0 to 63"
    if raw == "all":
        return None
    if not isinstance(raw, list) or not raw or len(set(map(str, raw))) != len(raw):
        raise ValueError(f"not a set of CPUs; {allowed}")
    if not all(isinstance(cpu, int) and not isinstance(cpu, bool) and 0 <= cpu < 64 for cpu in raw):
        raise ValueError(f"not a set of CPUs; {allowed}")
    return tuple(sorted(raw))


@dataclass(frozen=True)
class Drawn:
    """Mark of a parameter that may be constant, drawn or swept: its field is a ``Law``, None where the key is absent.

    Attributes
    ----------
    kind
        What the parameter counts.
    """

    kind: kind.Kind

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> core_schema.CoreSchema:
        """Tell pydantic to read the field with ``parse_law``."""
        return core_schema.no_info_plain_validator_function(partial(_law, self.kind))


@dataclass(frozen=True)
class Fixed:
    """Mark of a key that is the same for every point and replicate: its field is an int.

    Attributes
    ----------
    kind
        What the key counts.
    """

    kind: kind.Kind

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> core_schema.CoreSchema:
        """Tell pydantic to read the field with ``Kind.read``."""
        return core_schema.no_info_plain_validator_function(self.kind.read)


def key(default: Any = ..., *, description: str, alias: str | None = None) -> Any:
    """Declare one key.

    Parameters
    ----------
    default : Any
        What stands for an absent key, written as a user would; ``...`` if the key is needed.
    description : str
        One sentence for the documentation.
    alias : str | None
        The key in the file, if it is not the name of the field.

    Returns
    -------
    Any
        A pydantic field.
    """
    return Field(default, description=description, alias=alias)


Text = Annotated[str, PlainValidator(_text)]
Name = Annotated[str, PlainValidator(_name)]
DottedName = Annotated[str, PlainValidator(_dotted_name)]
Names = Annotated[tuple[str, ...], PlainValidator(_names)]
Cpus = Annotated[tuple[int, ...] | None, PlainValidator(_cpus)]
Variation = Annotated[Shape, PlainValidator(parse_shape)]
MaybeVariation = Annotated[Shape | None, PlainValidator(lambda raw: None if raw is None else parse_shape(raw))]
BURST = kind.time(high_s=10)
"""Kind of times that a shape multiplies: 10 s at most, so that the product fits 63 bits."""


class Table(BaseModel):
    """Base of all tables: unknown keys are errors, nothing changes after loading, defaults are read like input."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, populate_by_name=False)


class ScenarioTable(Table):
    """``[scenario]``: what is run and what is asked."""

    title: Text = key(description="one line for lists")
    source: Text = key(description="where the setting comes from")
    name: Name | None = key(None, description="name in results; default: that of the file")
    horizon: Annotated[int, Fixed(kind.time(3600, low=1))] = key(
        "10 s", description="time after which an invocation is censored"
    )
    kills: Annotated[int, Fixed(kind.count(1, KILLS_MAX))] = key(1, description="invocations recorded in an episode")
    until: Annotated[int, Fixed(kind.word(kills=Until.KILLS, recovery=Until.RECOVERY))] = key(
        "kills", description="what ends an episode"
    )
    replicates: Annotated[int, Fixed(kind.count(1, 10**9))] = key(1000, description="replicates of each cell")
    seed: Annotated[int, Fixed(kind.count(0, 2**62))] = key(1, description="root seed")
    block: Annotated[int, Fixed(kind.count(1, 10**6))] = key(
        256, description="replicates that one thread takes at a time"
    )
    policies: Names = key(description="policies compared: presets or names of [[policy]]")
    baseline: Text | None = key(None, description="policy that the others are compared with; default: the first")
    estimands: Names | None = key(None, description="default: kill, kill_2 .. kill_<kills>, release, hold_max")
    strata: Names = key([], description="parameters drawn by choice whose values split the tallies")
    raw_rows: Annotated[int, Fixed(kind.count(0, 10**6))] = key(
        200, description="replicates of a cell whose full rows are kept"
    )
    max_events: Annotated[int, Fixed(kind.count(1000, 10**12))] = key(
        50_000_000, description="events after which an episode gives up"
    )
    engine: Annotated[int, Fixed(kind.word(exact=Engine.EXACT, skip=Engine.SKIP, fast=Engine.FAST))] = key(
        "exact", description="event by event; jumping over futile passes to the same bytes, or equal in law"
    )


class MachineTable(Table):
    """``[machine]``: CPUs, ticks, preemption and scheduler constants."""

    cpus: Annotated[Law, Drawn(kind.count(1, 64))] = key(description="CPUs")
    hz: Annotated[Law, Drawn(kind.count(100, 1000, levels=(100, 250, 300, 1000)))] = key(description="ticks per second")
    preempt: Annotated[Law, Drawn(kind.word(none=Preempt.NONE, full=Preempt.FULL))] = key(
        description="preemption model"
    )
    groups: Annotated[Law, Drawn(kind.FLAG)] = key(True, description="kernel built with CONFIG_CGROUPS")
    rt_runtime: Annotated[Law, Drawn(kind.time(1, words=UNLIMITED))] = key(
        "950 ms", description="CPU time of RT tasks per second and CPU"
    )
    timer: Annotated[Law, Drawn(kind.word(ticks=0, unsynchronised=1))] = key(
        "ticks", description="when sleeps end; unsynchronised: tests"
    )
    switch: Annotated[Law, Drawn(kind.time(1))] = key("1 us", description="CPU time of a context switch")
    speed: Annotated[Law, Drawn(kind.ratio(0.001, 1000))] = key(1, description="every CPU cost is divided by it")
    rr_slice: Annotated[Law, Drawn(kind.time(10, low=1))] = key("100 ms", description="time slice of SCHED_RR")
    latency: Annotated[Law, Drawn(kind.time(1, low=1))] = key("6 ms", description="sched_latency of one CPU")
    min_granularity: Annotated[Law, Drawn(kind.time(1, low=1))] = key(
        "750 us", description="sched_min_granularity of one CPU"
    )
    wakeup_granularity: Annotated[Law, Drawn(kind.time(1))] = key(
        "1 ms", description="sched_wakeup_granularity of one CPU"
    )


class MemoryTable(Table):
    """``[memory]``: pages and watermarks at time 0."""

    managed: Annotated[Law | None, Drawn(kind.size(low=1024))] = key(
        None, description="managed memory, from which min, high and total follow"
    )
    watermarks: Annotated[Law, Drawn(WATERMARKS)] = key("linux-4.13", description="formulas for managed")
    thp_zones: Annotated[Law, Drawn(kind.count(0, 4))] = key(
        0, description="zones that transparent huge pages count; 0: THP off"
    )
    min: Annotated[Law | None, Drawn(kind.size())] = key(None, description="min watermark, instead of managed")
    high: Annotated[Law | None, Drawn(kind.size())] = key(
        None, description="high watermark; default: min + 2 * (min // 4)"
    )
    total: Annotated[Law | None, Drawn(kind.size())] = key(
        None, description="pages that oom_score_adj is a share of; default: managed"
    )
    boost: Annotated[Law, Drawn(kind.size())] = key("0 pages", description="watermark boost")
    boost_from: Annotated[Law, Drawn(BOOST_FROM)] = key("start", description="since when the boost holds")
    per_cpu: Annotated[Law, Drawn(kind.size())] = key(
        "0 pages", description="freed memory that per-CPU lists take in, out of reach below the mark"
    )
    free: Annotated[Law | None, Drawn(kind.size())] = key(None, description="free memory")
    free_above_min: Annotated[Law | None, Drawn(kind.size())] = key(
        None, description="free memory above the min watermark, instead of free"
    )
    reclaimable: Annotated[Law, Drawn(kind.size())] = key("0 pages", description="memory that reclaim can free")
    stuck_lru: Annotated[Law, Drawn(kind.size())] = key(
        "0 pages", description="memory that the retry test counts as reclaimable and no pass can free"
    )


class CostsTable(Table):
    """``[costs]``: CPU time of every stage; what is not given comes from the built-in table named by ``use``."""

    title: Text | None = key(None, description="title of a cost table")
    source: Text | None = key(None, description="source of a cost table")
    reclaim_pass: Annotated[Law, Drawn(BURST)] = key(description="one direct-reclaim pass, scale")
    reclaim_pass_shape: Variation = key(description="one direct-reclaim pass, variation from pass to pass")
    pass_points: Annotated[Law, Drawn(kind.count(1, 10_000))] = key(description="resched points of a pass")
    entry: Annotated[Law, Drawn(kind.time(100))] = key(description="one attempt at the lock beside its passes")
    trylock: Annotated[Law, Drawn(kind.time(100))] = key(description="entry to the trylock, apart from `entry`")
    select_base: Annotated[Law, Drawn(kind.time(100))] = key(description="lock to SIGKILL beside the scan of the tasks")
    select_task: Annotated[Law, Drawn(kind.time(1))] = key(description="scan of one task")
    select_candidate: Annotated[Law, Drawn(kind.time(1))] = key(
        description="more for a task that may be killed: its badness"
    )
    other_tasks: Annotated[Law, Drawn(kind.count(0, TASKS_MAX))] = key(
        description="tasks scanned that take no other part"
    )
    report: Annotated[Law, Drawn(kind.time(1000))] = key(description="report of a kill, printed with the lock held")
    report_task: Annotated[Law, Drawn(kind.time(1))] = key(description="more of it for each task that it lists")
    report_burst: Annotated[Law, Drawn(kind.count(0, 10**6))] = key(description="reports allowed per report_interval")
    report_interval: Annotated[Law, Drawn(kind.time(1000, low=1))] = key(
        description="interval of the report rate limit"
    )
    post_kill: Annotated[Law, Drawn(kind.time(100))] = key(
        description="SIGKILL to unlock, or to the sleep under the lock"
    )
    exit_start: Annotated[Law, Drawn(kind.time(100))] = key(
        description="victim: first run after SIGKILL to freeing its memory"
    )
    exit_base: Annotated[Law, Drawn(kind.time(100))] = key(description="victim: freeing its memory, fixed part")
    exit_page: Annotated[Law, Drawn(kind.time(1))] = key(description="victim: freeing one page")
    exit_seg: Annotated[Law, Drawn(kind.time(100))] = key(
        description="victim and reaper: time between resched points; 0 ns: none"
    )
    reap_base: Annotated[Law, Drawn(kind.time(100))] = key(description="reaper: one victim, fixed part")
    reap_page: Annotated[Law, Drawn(kind.time(1))] = key(description="reaper: one page")
    gate_wake: Annotated[Law, Drawn(kind.time(1))] = key(description="waking one task at a gate")
    gate_batch: Annotated[Law, Drawn(kind.count(1, TASKS_MAX))] = key(
        description="tasks woken between two chances to preempt the waker"
    )
    touch: Annotated[Law, Drawn(BURST)] = key(
        description="one page fault and what follows it, fixed part (default of a class)"
    )
    touch_var: Annotated[Law, Drawn(BURST)] = key(description="the same, scale of the variable part")
    touch_shape: Variation = key(description="the same, variation from touch to touch")


class StartTable(Table):
    """``start``: when the tasks of a class begin."""

    at: Annotated[Law, Drawn(kind.time(3600))] = key("0 ns", description="a time")
    jitter: Annotated[Law, Drawn(BURST)] = key("0 ns", description="scale of a random part, drawn for each task")
    shape: Variation = key("uniform", description="variation of the random part")
    gate: Annotated[Law | None, Drawn(GATE)] = key(None, description="an event, instead of a time")
    vruntime: Annotated[Law | None, Drawn(kind.time(1))] = key(
        None,
        description="with a gate: how far ahead of its queue the task is; default: it slept long",
    )


class Behaviour(Table):
    """What a task is and does; shared by classes and crowds."""

    program: Annotated[Law, Drawn(PROGRAM)] = key("allocator", description="what the tasks do")
    policy: Annotated[Law, Drawn(SCHED_POLICY)] = key("other", description="scheduling policy")
    nice: Annotated[Law, Drawn(kind.count(-20, 19))] = key(0, description="nice level; policies other and batch only")
    rt_priority: Annotated[Law | None, Drawn(kind.count(1, 99))] = key(
        None, description="RT priority; policies fifo and rr only, there needed"
    )
    affinity: Cpus = key("all", description="CPUs allowed: 'all', or a list")
    start: StartTable = key({}, description="when the tasks begin")
    first: Annotated[Law, Drawn(BURST)] = key("0 ns", description="CPU time before the first touch, fixed part")
    first_var: Annotated[Law, Drawn(BURST)] = key("0 ns", description="the same, scale of the variable part")
    first_shape: Variation = key("uniform", description="the same, variation from task to task")
    touch: Annotated[Law | None, Drawn(BURST)] = key(
        None, description="CPU time of one touch, fixed part; default: costs.touch"
    )
    touch_var: Annotated[Law | None, Drawn(BURST)] = key(
        None, description="the same, scale of the variable part; default: costs.touch_var"
    )
    touch_shape: MaybeVariation = key(None, description="the same, variation; default: costs.touch_shape")
    limit: Annotated[Law, Drawn(kind.size(words=UNLIMITED))] = key(
        "unlimited", description="memory after which a task stops allocating"
    )
    fault_pages: Annotated[Law, Drawn(kind.size(low=1))] = key("1 page", description="memory taken by one touch")
    rss: Annotated[Law, Drawn(kind.size())] = key("0 pages", description="memory held at time 0")
    oom_score_adj: Annotated[Law, Drawn(kind.count(-1000, 1000))] = key(0, description="-1000: never a victim")
    nofs: Annotated[Law, Drawn(kind.ratio(0, 1))] = key(
        0, description="share of allocations that may not kill (GFP_NOFS)"
    )


class ClassTable(Behaviour):
    """``[[class]]``: tasks that are all alike."""

    name: Name = key(description="name in messages, results and --set")
    count: Annotated[Law, Drawn(kind.count(0, TASKS_MAX))] = key(1, description="number of tasks")


class GroupTable(Behaviour):
    """``[crowd.group]``: keys given here are drawn anew for each group of the crowd."""

    share: Annotated[Law, Drawn(kind.ratio(0.001, 1000))] = key(
        1, description="relative number of threads of the group"
    )


class CrowdTable(Behaviour):
    """``[[crowd]]``: threads split at random over groups; keys given here are drawn once for the whole crowd."""

    name: Name = key(description="name in messages, results and --set")
    threads: Annotated[Law, Drawn(kind.count(1, TASKS_MAX))] = key(
        description="number of threads in all groups together"
    )
    groups: Annotated[Law, Drawn(kind.count(1, GROUPS_MAX))] = key(
        description="number of groups, at most one for each thread"
    )
    group: GroupTable = key({}, description="keys drawn for each group")
