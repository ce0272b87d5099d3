"""What the run was made of: enough to make it again."""

from typing import Any

from qa.evaluation.report.markup import Html, el, join
from qa.evaluation.result import Result


def making_section(result: Result, command: str) -> Html:
    config = result.config
    rows = [("Command", el("code", command))]
    rows += [("Data", join(file["name"], " ", _sha(file["sha256"]))) for file in config["data"]]
    rows += [
        (
            "Sample",
            join(f"{config['limit']:,} of " if config["limit"] else "all of ", f"{config['questions']:,} questions"),
        ),
        ("Seed", join(str(config["seed"]))),
        ("Encoder", join(config["models"]["encoder"], " ", _sha(config["models"]["encoder_sha256"]))),
        ("Reader", join(config["models"]["reader"])),
        ("Verifier", join(config["models"]["verifier"])),
        ("No-answer decision", join(config["models"]["decision"], " ", _sha(config["models"]["decision_sha256"]))),
        ("Settings", _pairs(config["settings"])),
        ("Program", _sha(config["program_sha256"])),
        ("Versions", _pairs(config["versions"])),
        ("Took", join(f"{result.seconds:,.0f} s")),
    ]
    return el(
        "section",
        el("h2", "What this run was made of"),
        el(
            "p",
            "The figures can be computed again from predictions.jsonl, beside this page. The same data, settings, seed and "
            "program write the same files again, timings apart.",
        ),
        el("dl", [join(el("dt", name), el("dd", value)) for name, value in rows], class_="making"),
        class_="colophon",
    )


def _sha(digest: str) -> Html:
    return el("code", digest[:12], title=digest)


def _pairs(values: dict[str, Any]) -> Html:
    told = [el("span", f"{name} ", el("b", "–" if value is None else str(value))) for name, value in values.items()]
    return el("span", told, class_="pairs")
