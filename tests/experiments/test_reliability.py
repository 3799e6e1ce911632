"""docs/reliability.md, the record that it is made from, and the tests that it names."""

import json

import pytest

from experiments import documents, reliability, runs, soak


@pytest.fixture
def record(tmp_path, monkeypatch):
    """A record of one test that is marked and one of its parameters that ran twice."""
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_a.py").write_text(
        "@pytest.mark.promise('Topic: it holds')\ndef test_it(): pass\ndef test_other(): pass\n"
    )
    monkeypatch.setattr(runs, "ROOT", tmp_path)
    monkeypatch.setattr(runs, "RESULTS", tmp_path)
    monkeypatch.setattr(reliability, "TESTS", tests)
    path = tmp_path / "reliability.jsonl"
    for case, faults in (("a", 7), ("b", 1000), ("a", 30)):
        with path.open("a") as file:
            record = {"test": f"tests/test_a.py::test_it[{case}]", "faults": faults}
            file.write(json.dumps(record) + "\n")
    return path


def test_counts_are_summed_over_parameters(record):
    assert "| Topic | it holds | 1,030 | [test_it](" in reliability.table()
    text = "a\n<!-- begin promises -->\nbefore\n<!-- end promises -->\nb\n"
    tables = {"promises": reliability.table}
    made = documents.render(text, tables)
    assert "before" not in made
    assert documents.render(made, tables) == made


def test_a_promise_without_a_record_is_found(record):
    record.write_text("")
    with pytest.raises(SystemExit, match="test_it is not in the record"):
        reliability.table()


def readings(memory, files=8, threads=5):
    return [{"memory": m, "files": files, "threads": threads} for m in memory]


def test_soak_judges_what_follows_the_warm_up():
    rising, flat = [500 + i for i in range(50)], [700.0] * 50
    steady = soak.judge(readings(rising + flat))
    assert steady["steady"]
    assert steady["growth"] == 0.0
    assert not soak.judge(readings(flat + [700 + 3 * i for i in range(50)]))["steady"]
    assert not soak.judge(readings(rising) + readings(flat[:40]) + readings(flat[:10], files=9))[
        "steady"
    ]
    assert soak.judge(readings(flat * 2))["memory_by_tenth_mb"] == [700.0] * 10
