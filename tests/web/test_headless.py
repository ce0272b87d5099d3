"""A server of the API alone: no chat page, and nothing of Gradio is loaded."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

PROGRAM = """
import sys
from fastapi.testclient import TestClient
from qa.pipeline import QAPipeline
from qa.settings import load_settings
from qa.web.server import create_app

settings = load_settings(page=False)
app = create_app(QAPipeline.load(sys.argv[1], settings), settings)
with TestClient(app, base_url="http://127.0.0.1:7860") as client:
    answer = client.post("/api/v1/ask", json={"question": "When could humans first land on Mars?"})
    paths = ("/", "/config", "/gradio_api/info", "/docs", "/widget.js", "/openapi.json", "/healthz")
    print(answer.json()["answer"]["text"], *(client.get(path).status_code for path in paths), sep="|")
print(sorted({name.partition(".")[0] for name in sys.modules} & {"gradio", "torch", "pandas", "matplotlib", "PIL"}))
"""


def test_the_api_is_served_without_gradio(real_index_dir: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(real_index_dir)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    answered, loaded = done.stdout.splitlines()
    assert answered == "as early as 2029|404|404|404|200|200|200|200"
    assert loaded == "[]"
