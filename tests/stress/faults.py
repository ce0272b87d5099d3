"""Faults: processes killed at random moments, every file of an index damaged, a server whose files go bad under it, votes
under kills, servers told to end under load.

    python -m tests.stress.faults [--kills N] [--damages N] [--toy] [--json FILE] [--out DIR]

Exit status 1 when, at any moment, neither the old index nor the new one answers, a quote is not the article's, a next build
fails, something piles up, a confirmed vote is gone, or a question that a server had taken on is not answered.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from index.errors import IndexFault, SettingsError
from index.generations import BESIDE, DECISION, MANIFEST_NAME, read_manifest
from index.store import load_index
from tests.stress.ending import told_to_end
from tests.stress.killing import QUESTION, Place, in_child, kill_all, toys
from tests.stress.served import ROOT, Served

WAYS: Final = ("flipped", "cut", "emptied", "lengthened", "zeroed", "of another index", "deleted")

Tell = Callable[[str], None]


def files_of(directory: Path) -> list[Path]:
    """Every file of the index, the manifest and those beside it too."""
    generation = directory / read_manifest(directory).generation
    beside = [directory / name for name in (MANIFEST_NAME, *BESIDE) if (directory / name).exists()]
    return [*beside, *sorted(path for path in generation.rglob("*") if path.is_file())]


def damage(path: Path, way: str, other: bytes, choose: random.Random) -> None:
    """Damage the file. :param other: the file of the same name of another index."""
    content = path.read_bytes()
    at = choose.randrange(max(1, len(content)))
    stretch = slice(at, at + choose.randint(1, 4_096))
    if way == "deleted":
        path.unlink()
        return
    flipped = content[:at] + bytes([content[at] ^ 1 << choose.randrange(8)]) + content[at + 1 :] if content else b"\0"
    path.write_bytes(
        {
            "flipped": flipped,
            "cut": content[:at],
            "emptied": b"",
            "lengthened": content + bytes(choose.randint(1, 999)),
            "zeroed": content[:at] + bytes(len(content[stretch])) + content[stretch.stop :],
            "of another index": other,
        }[way]
    )


def damaged_one_by_one(place: Place, times: int, chooser: random.Random, tell: Tell) -> dict[str, Any]:
    """Damage each file in each way so often, and try to read the index; what came of it.

    A file that is the same after as before (a bit of white space in a file beside the index, say) may be read.
    """
    other = place.home / "other"
    shutil.copytree(place.index, other)
    status = in_child(place.build("new" if place.answering() == "old" else "old"), place.log)
    assert status == 0, place.tail()
    theirs = dict(zip(files_named(other), files_of(other), strict=True))
    outcomes, tried = Counter[str](), place.home / "tried"
    for name in files_named(place.index):
        for way in WAYS:
            for _ in range(1 if way in ("emptied", "of another index", "deleted") else times):
                shutil.rmtree(tried, ignore_errors=True)
                shutil.copytree(place.index, tried)
                path = dict(zip(files_named(tried), files_of(tried), strict=True))[name]
                before = path.read_bytes()
                damage(path, way, theirs[name].read_bytes() if name in theirs else b"{}", chooser)
                unchanged = path.exists() and path.read_bytes() == before
                outcomes[_read(tried, name, unchanged, f"{name} {way}", place.faults)] += 1
    tell(f"  {outcomes.total()} damaged files")
    return {"files": len(files_named(place.index)), "outcomes": dict(outcomes)}


def files_named(directory: Path) -> list[str]:
    """The files of `files_of`, by a name that does not change with the generation."""
    generation = directory / read_manifest(directory).generation
    return [
        (path.relative_to(generation) if path.is_relative_to(generation) else path.relative_to(directory)).as_posix()
        for path in files_of(directory)
    ]


def _read(directory: Path, name: str, unchanged: bool, what: str, faults: list[str]) -> str:
    """How reading the index ended."""
    from qa.decision import load_decision
    from qa.suggestions import load_suggestions

    try:
        index = load_index(directory)
        if name in BESIDE:
            load_suggestions(directory, index)
            if (directory / DECISION).exists():
                load_decision(directory / DECISION)
    except (IndexFault, SettingsError) as error:
        if "\n" in str(error) or ("python -m qa" not in str(error) and "--index" not in str(error)):
            faults.append(f"{what}: refused without the next step: {error}")
        return "refused with the command that mends it"
    if name not in BESIDE and not unchanged:
        faults.append(f"{what}: was read")
    return "read, as it says the same" if name in BESIDE or unchanged else "read wrongly"


def mended_at_start(place: Place, times: int, chooser: random.Random, tell: Tell) -> dict[str, Any]:
    """Damage a random file, then do what a server does at its start: the index is built again, and what answers is right."""
    outcomes = Counter[str]()
    named = dict(zip(files_named(place.index), files_of(place.index), strict=True))
    for _ in range(times):
        name = chooser.choice([name for name in named if name != DECISION])  # of that one the owner is told
        damage(named[name], chooser.choice(WAYS[:5]), b"", chooser)

        def start() -> None:
            from qa.settings import load_settings
            from qa.startup import ensure_index

            if place.toy:
                toys()
            ensure_index(load_settings(index=place.index, articles=(place.home / "old" / "article.md",)), progress=False)

        if (status := in_child(start, place.log)) != 0:
            place.faults.append(f"a server did not start with {name} damaged: {status}, {place.tail()}")
        if (found := place.answering()) != "old":
            place.faults.append(f"after a start with {name} damaged: {found}")
        outcomes["started, and answered from the right article"] += status == 0 and found == "old"
        named = dict(zip(files_named(place.index), files_of(place.index), strict=True))
    tell(f"  {times} starts on a damaged index")
    return dict(outcomes)


def under_a_server(place: Place, chooser: random.Random, tell: Tell) -> dict[str, Any]:
    """Damage, cut, delete and replace the files of an index while the real server answers from it: nothing changes."""
    import httpx

    index = place.home / "served"
    with Served("--index", str(index), "--article", str(place.home / "old" / "article.md")) as server:

        def answer() -> dict[str, Any]:
            told = httpx.post(f"{server.address}/api/v1/ask", json={"question": QUESTION}, timeout=120)
            return {"status": told.status_code, **told.json(), "timings_ms": None}

        before, asked = answer(), 0
        if str(index) in Path(f"/proc/{server.process.pid}/maps").read_text():
            place.faults.append("the server maps files of the index: cutting one would end it")
        for path in reversed(files_of(index)):
            for way in ("flipped", "cut", "deleted"):
                damage(path, way, b"", chooser)
                asked += 1
                if answer() != before:
                    place.faults.append(f"the answer changed when {path.name} was {way} under the server")
        shutil.rmtree(index)
        if answer() != before or server.process.poll() is not None:
            place.faults.append("the answer changed when the index was deleted under the server")
    tell(f"  {asked} files damaged under a running server")
    return {"damaged": asked, "same answers": asked + 1 - sum("under the server" in fault for fault in place.faults)}


def votes(place: Place, kills: int, chooser: random.Random, tell: Tell) -> dict[str, Any]:
    """Kill processes that vote; every vote that was confirmed is in the file afterwards, which is sound."""
    from qa.feedback.reading import read_rows
    from tests.qa.test_feedback_faults import confirmed_until_killed, integrity

    path, confirmed, kept = place.home / "feedback.db", 0, 0
    for _ in range(kills):
        confirmed += confirmed_until_killed(path, chooser.randint(1, 200))
        kept = sum(row.up for row in read_rows(path))
        if kept < confirmed or integrity(path) != "ok":
            place.faults.append(f"{confirmed} votes were confirmed, {kept} are kept; the file is {integrity(path)}")
    tell(f"  {kills} voting processes killed")
    return {"kills": kills, "confirmed": confirmed, "kept": kept}


def run(home: Path, *, kills: int, damages: int, toy: bool, seed: int, tell: Tell) -> dict[str, Any]:
    """All of it, in a new folder."""
    import qa.evaluation.calibrate
    import qa.startup
    import qa.suggestions  # noqa: F401  here, so that the children, which are forks, have nothing to import

    chooser = random.Random(seed)
    place = Place(home, toy=toy, chooser=chooser)
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "killed": lambda: kill_all(place, kills, tell),
        "damaged": lambda: damaged_one_by_one(place, damages, chooser, tell),
        "started": lambda: mended_at_start(place, max(3, kills // 6), chooser, tell),
        "votes": lambda: votes(place, max(2, kills // 20), chooser, tell),
    }
    if not toy:
        parts["under a server"] = lambda: under_a_server(place, chooser, tell)
        parts["told to end"] = lambda: told_to_end(max(1, kills // 50), place.faults, tell)
    figures = dict[str, Any]()
    for name, part in parts.items():
        tell(f"{name}:")
        figures[name] = part()
    return figures | {"missed": place.faults}


def table(figures: dict[str, Any], above: str = "") -> Iterator[str]:
    """The figures, a line each."""
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from table(value, f"{above}{name}: ")
        elif name != "missed":
            yield f"{above + name:<78}{value:>10,}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, write; 1 when something is not as promised."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress.faults", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--kills", type=int, default=150, help="processes killed while they build or calibrate")
    parser.add_argument("--damages", type=int, default=20, help="times that each file is damaged in each way")
    parser.add_argument("--seed", type=int, default=0, help="of what is damaged, and when is killed")
    parser.add_argument("--toy", action="store_true", help="a toy encoder and reader, and no server: quick")
    parser.add_argument("--short", action="store_true", help="fewer of each: minutes")
    parser.add_argument("--out", type=Path, default=ROOT / "stress", help="folder of faults.json")
    parser.add_argument("--json", type=Path, help="file of the figures, instead of the one in the folder")
    chosen = parser.parse_args(arguments)
    kills, damages = (30, 5) if chosen.short else (chosen.kills, chosen.damages)

    def tell(words: str) -> None:
        print(words, file=sys.stderr, flush=True)

    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        figures = run(home, kills=kills, damages=damages, toy=chosen.toy, seed=chosen.seed, tell=tell)
    figures["seconds"] = round(time.monotonic() - started)
    path = chosen.json or chosen.out / "faults.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print("\n".join([*table(figures), *(f"NOT AS PROMISED: {fault}" for fault in figures["missed"])]))
    print(f"Written to {path}.")
    return 1 if figures["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
