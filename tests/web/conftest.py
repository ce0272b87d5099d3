"""The real application over the real article and model, shared by every test here; built once."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from index.encoder import Encoder
from index.store import Index
from qa.pipeline import QAPipeline
from qa.settings import Settings, load_settings
from qa.web.server import create_app

UNHURRIED = {"rate": 10_000.0, "burst": 100_000, "time_limit": 120.0}
"""Settings of a server that many tests ask, all from one address."""

SUGGESTED = ("When could humans first land on Mars?", "Where did Musk share his estimate?")


@pytest.fixture(scope="session")
def settings() -> Settings:
    return load_settings(**UNHURRIED)


@pytest.fixture(scope="session")
def pipeline(real_index: Index, real_encoder: Encoder, settings: Settings) -> QAPipeline:
    return QAPipeline(real_index, real_encoder, settings, suggestions={"article": SUGGESTED})


def in_a_loop(make: Callable[[], FastAPI]) -> FastAPI:
    """`make()` inside a running event loop: outside of one Gradio makes a loop for each of its locks, and closes none."""

    async def made() -> FastAPI:
        return make()

    return asyncio.run(made())


@pytest.fixture(scope="session")
def app(pipeline: QAPipeline, settings: Settings) -> FastAPI:
    return in_a_loop(lambda: create_app(pipeline, settings))


@pytest.fixture(scope="session")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as client:
        yield client
