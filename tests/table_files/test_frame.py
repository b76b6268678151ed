"""A whole table is read as its author meant it."""

from ensemble_kd.table_files import read_frame


def test_codes_with_leading_zeros_stay_apart(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text("zip,n\n007,1\n7,2\n,3\n012,4\n", encoding="utf-8")
    notes: list[str] = []
    frame = read_frame(str(path), notes.append)
    assert frame["zip"].dropna().tolist() == ["007", "7", "012"]
    assert frame["n"].tolist() == [1, 2, 3, 4]
    assert "zip" in notes[0]
