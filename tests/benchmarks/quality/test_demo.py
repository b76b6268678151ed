"""The demo, small."""

from __future__ import annotations

import pandas as pd

from ensemble_kd.benchmarks.quality import demo


def test_demo_table_shows_every_method(results):
    text = demo.demo_table(results)
    assert "| clear    | distilled network    | log-loss 0.2700 |" in text
    assert text.count("75 %") == 1
    assert len(text.splitlines()) == 2 + 7


def test_findings_are_honest(results):
    clear, none = demo.findings(results)
    assert clear == (
        "clear: the distilled student keeps 75 % of the teacher's gain (3 random splits, 100 "
        "test rows)."
    )
    assert none.startswith("none: no gain to keep: the teacher is no better")
    assert "too few to tell the teacher's lead from chance" in none


def test_findings_say_that_distilling_did_not_help(results):
    worse = results.assign(loss=results["loss"] + 0.1 * results["method"].eq("distilled"))
    assert demo.findings(worse)[0].startswith("clear: no gain: the distilled student is no better")


def test_findings_name_failures(results):
    failed = results.iloc[:1].assign(skipped="ValueError: no")
    assert demo.findings(pd.concat([results, failed]))[-1] == "clear, teacher: ValueError: no"


def test_time_goes_to_teachers_students_and_the_rest(results):
    # 6 teachers of 20 s, 12 students of 5 s.
    line = demo.where_the_time_went(results, 200.0)
    assert line.startswith("Time: 200 s, of which teachers 120 s")
    assert line.endswith("60 s, scoring and measuring 20 s.")


def test_demo_stops_when_its_time_is_over(tmp_path, cheap, teacher_factory):
    settings = {"progress": False, "n_jobs": None, "teacher_factory": teacher_factory}
    results = demo.run_demo(tmp_path, {"iris": 80}, seconds=0.0, **settings)
    assert results["seed"].eq(0).all()
    assert results["method"].tolist() == demo.METHOD_NAMES
    assert results["skipped"].isna().all()
    assert results["n_train"].eq(80).all()
    assert (tmp_path / "students" / "iris.seed0.distilled.ekd").is_file()


def test_demo_program_draws_and_says_what_failed(results, out, monkeypatch, capsys):
    monkeypatch.setattr(demo, "run_demo", lambda _: results)
    assert demo.main(["--out", str(out)]) == 0
    assert (out / "lead.png").is_file()
    monkeypatch.setattr(demo, "run_demo", lambda _: results.assign(skipped="ValueError: no"))
    assert demo.main(["--out", str(out)]) == 1
    assert "clear, teacher: ValueError: no" in capsys.readouterr().out
