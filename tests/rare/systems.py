"""Markov systems whose rare probabilities are known: a gambler, an M/M/1 queue, two queues in tandem."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve

from mcoom.design.stream import draw
from mcoom.rare.system import Outcome, Segment


@dataclass(frozen=True)
class Walk:
    """A walk on 0, 1, 2, ...: up with probability p, absorbed at 0; its importance is where it stands.

    The gambler who owns ``start`` and plays for a fortune; and the customers in an M/M/1 queue between two times at
    which it is empty, p = rho / (1 + rho), for the jumps of a queue are the steps of this walk.
    """

    p: float
    start_at: int

    def start(self, first, n):
        return np.full(n, self.start_at, dtype=np.int64)

    def run(self, states, keys, level, floor):
        at = np.array(states)
        best = at.astype(np.float64)
        outcome = np.full(len(at), -1, dtype=np.int64)
        live = np.arange(len(at))
        limit = np.uint64(int(self.p * 2**64))
        step = n_events = 0
        while len(live):
            here = at[live]
            outcome[live] = np.select(
                [here >= level[live], here <= 0, here < floor[live]],
                [Outcome.REACHED, Outcome.ABSORBED, Outcome.FELL],
                -1,
            )
            live = live[outcome[live] < 0]
            n_events += len(live)
            at[live] += np.where(draw(keys[live], step) < limit, 1, -1)
            best[live] = np.maximum(best[live], at[live])
            step += 1
        return Segment(outcome, at, best, n_events)

    def probability(self, target):
        """Of reaching the target before 0: the gambler's ruin."""
        r = Fraction(1 - self.p) / Fraction(self.p)
        return float((r**self.start_at - 1) / (r**target - 1)) if r != 1 else self.start_at / target


@dataclass(frozen=True)
class Tandem:
    """Customers of two queues in a row, from one arrival at an empty system until it is empty again.

    Importance: all customers together, which is not the best function when the second queue is the bottleneck.
    """

    arrival: float
    first: float
    second: float

    def start(self, first, n):
        return np.tile(np.array([[1, 0]], dtype=np.int64), (n, 1))

    def run(self, states, keys, level, floor):
        at = np.array(states)
        best = at.sum(axis=1).astype(np.float64)
        outcome = np.full(len(at), -1, dtype=np.int64)
        live = np.arange(len(at))
        step = n_events = 0
        while len(live):
            total = at[live].sum(axis=1)
            outcome[live] = np.select(
                [total >= level[live], total == 0, total < floor[live]],
                [Outcome.REACHED, Outcome.ABSORBED, Outcome.FELL],
                -1,
            )
            live = live[outcome[live] < 0]
            n_events += len(live)
            u = draw(keys[live], step).astype(np.float64) / 2**64 * (self.arrival + self.first + self.second)
            comes = u < self.arrival
            moves = ~comes & (u < self.arrival + self.first) & (at[live, 0] > 0)
            leaves = (u >= self.arrival + self.first) & (at[live, 1] > 0)
            at[live, 0] += comes.astype(np.int64) - moves
            at[live, 1] += moves.astype(np.int64) - leaves
            best[live] = np.maximum(best[live], at[live].sum(axis=1))
            step += 1
        return Segment(outcome, at, best, n_events)

    def probability(self, target):
        """By solving the linear equations of the jump chain."""
        cells = [(i, j) for i in range(target) for j in range(target - i) if i + j > 0]
        number = {cell: k for k, cell in enumerate(cells)}
        rate = self.arrival + self.first + self.second
        rows, columns, values = [], [], []
        right = np.zeros(len(cells))
        for (i, j), k in number.items():
            jumps = [
                ((i + 1, j), self.arrival),
                ((i - 1, j + 1) if i else (i, j), self.first),
                ((i, j - 1) if j else (i, j), self.second),
            ]
            rows.append(k), columns.append(k), values.append(1.0)
            for cell, weight in jumps:
                if sum(cell) >= target:
                    right[k] += weight / rate
                elif cell in number:
                    rows.append(k), columns.append(number[cell]), values.append(-weight / rate)
        solved = spsolve(coo_matrix((values, (rows, columns))).tocsc(), right)
        return float(solved[number[1, 0]])
