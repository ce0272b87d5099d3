"""The server: settings -> index -> pipeline -> FastAPI + Gradio.

    python app.py                              http://127.0.0.1:7860 over seeds/article.md
    python app.py --article mine.md --port 0   another article, on a free port

The line that this starts is written out in `qa/web/serve.py`, one step a line:

    claim_port    the address is taken before anything heavy is imported
    ensure_index  qa/startup.py: loads the index, or builds it when it is missing, stale or damaged
    QAPipeline    qa/pipeline.py: question -> retrieve -> read -> verify -> decide -> cite -> Answer
    create_app    qa/web/server.py: the JSON API, the page's files, and the Gradio page, behind one guard

`python -m qa serve` is the same command; `--help` lists its options and every setting of the environment.
"""

import sys

from qa.cli import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
