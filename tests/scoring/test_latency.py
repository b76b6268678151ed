"""The meter knows a call of known length, and when a limit is clear."""

from __future__ import annotations

import gc
import time

from ensemble_kd.scoring.latency import Latency, measure_latency


def busy(microseconds):
    def score(row):
        end = time.perf_counter() + microseconds * 1e-6
        while time.perf_counter() < end:
            pass

    return score


def test_latency_is_at_least_what_a_call_takes():
    found = measure_latency(busy(50), [{}], seconds=0.2)
    assert 50 <= found.p50_interval[0] <= found.p50_us <= found.p50_interval[1]
    assert found.p50_us <= found.p99_us


def test_latency_far_from_the_limit_is_clear():
    assert measure_latency(busy(50), [{}], limit_us=25).verdict(25) == "exceeds"
    assert measure_latency(busy(50), [{}], limit_us=5000).verdict(5000) == "meets"


def test_latency_within_its_interval_is_unclear():
    found = Latency(5.0, (4.5, 5.5), 9.0, (8.0, 12.0), 64)
    assert found.verdict(5.0) == "unclear"
    assert (found.verdict(5.5), found.verdict(4.4)) == ("meets", "exceeds")
    assert found.verdict(13.0, "p99") == "meets" and found.verdict(7.0, "p99") == "exceeds"


def test_latency_stops_early_where_the_limit_is_clear():
    calls = []
    measure_latency(calls.append, [0], limit_us=1e6, seconds=60)
    assert len(calls) <= 40 * 72


def test_latency_asks_rows_in_turn_and_leaves_the_collector_as_it_was():
    seen = set()
    measure_latency(seen.add, list(range(100)), seconds=0.1)
    assert seen == set(range(100)) and gc.isenabled()
