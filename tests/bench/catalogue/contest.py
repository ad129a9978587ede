"""Engines that take turns at the same work, and the medians of what it cost them."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from meter import Cost, Meter


class Engine(Protocol):
    """Something that answers, and the process whose processor time counts."""

    name: str
    pid: int


@dataclass(frozen=True)
class Score:
    """Medians over the rounds, and the answer, the same in every round."""

    cpu_s: float
    wall_s: float
    read_bytes: int
    answer: Any


class WrongAnswer(Exception):
    """An engine answered otherwise than the others, or than it did before."""


def compete(
    what: str, engines: list[Engine], work: Callable[[Engine], Any], rounds: int, expected: Any = None
) -> dict[str, Score]:
    """Lets every engine do ``work`` once to warm up and then ``rounds`` times in turn.

    Raises:
        WrongAnswer: the answers differ. Costs of different work would say nothing.
    """
    costs: dict[str, list[Cost]] = {engine.name: [] for engine in engines}
    answers: dict[str, Any] = {}
    for round in range(rounds + 1):
        for engine in engines:
            with Meter(engine.pid) as meter:
                answer = work(engine)
            if answers.setdefault(engine.name, answer) != answer:
                raise WrongAnswer(f"{what}: {engine.name} said {answers[engine.name]}, then {answer}")
            if round > 0:
                costs[engine.name].append(meter.cost)
    truth = expected if expected is not None else next(iter(answers.values()))
    wrong = {name: answer for name, answer in answers.items() if answer != truth}
    if wrong:
        raise WrongAnswer(f"{what}: {truth} is right, but {wrong}")
    scores = {name: _median(of_engine, answers[name]) for name, of_engine in costs.items()}
    for name, score in scores.items():
        told = f"{score.cpu_s:9.4f} CPU-s {score.wall_s:9.4f} s {score.read_bytes / 1e6:10.3f} MB"
        print(f"{what:34} {name:12} {told}", file=sys.stderr, flush=True)
    return scores


def _median(costs: list[Cost], answer: Any) -> Score:
    def middle(value: Callable[[Cost], float]) -> float:
        return statistics.median(value(cost) for cost in costs)

    return Score(
        middle(lambda cost: cost.cpu_s),
        middle(lambda cost: cost.wall_s),
        int(middle(lambda cost: cost.read_bytes)),
        answer,
    )
