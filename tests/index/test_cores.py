"""How many threads the numerical libraries get."""

from pathlib import Path

import pytest

from index import cores


@pytest.mark.parametrize(
    ("limit", "expected"), [("max 100000", None), ("150000 100000", 1.5), ("nonsense", None), ("a b", None)]
)
def test_a_containers_quota_is_read(
    limit: str, expected: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text(f"{limit}\n")
    monkeypatch.setattr(cores, "_CGROUP_V2", tmp_path / "cpu.max")
    assert cores._container_quota() == expected


def test_cores_are_at_least_one_and_at_most_the_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cpu.max").write_text("10000 100000\n")
    assert cores.available_cores() >= 1
    monkeypatch.setattr(cores, "_CGROUP_V2", tmp_path / "cpu.max")
    assert cores.available_cores() == 1
