"""A program: the whole server over a scripted pipeline, whose question "slow" is answered once the process gets SIGUSR1.

python -m tests.web.slow_server [drain seconds]
"""

import signal
import sys

from index.article import load_article
from index.store import build_index
from qa.settings import load_settings
from qa.web.serve import run_server
from qa.web.server import create_app
from tests.browser.scripted import ScriptedPipeline
from tests.conftest import ROOT
from tests.toy import ToyEncoder


def main(drain: float) -> None:
    """Serve until told to end."""
    encoder = ToyEncoder()
    pipeline = ScriptedPipeline(build_index([load_article(ROOT / "seeds" / "article.md")], encoder), encoder)
    signal.signal(signal.SIGUSR1, lambda *_: pipeline.release.set())
    settings = load_settings(port=0, drain_seconds=drain, workers=3, time_limit=300)
    run_server(settings, lambda *parts: create_app(pipeline, settings, *parts), lambda place: print(place, flush=True))  # noqa: T201


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
