"""The example of docs/reasons.md runs as it stands."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reasons.md"


def test_example_of_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})
    assert {line[:3] for line in capsys.readouterr().out.splitlines()} <= {"R01", "R02"}
    assert (tmp_path / "fraud.ekd").is_file()
