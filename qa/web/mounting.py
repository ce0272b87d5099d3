"""The chat page's place in the server: Gradio's application, as little of it as the page needs."""

import gradio as gr
from fastapi import FastAPI

from qa.settings import Settings
from qa.web.page import THEME


def mount_page(app: FastAPI, page: gr.Blocks, settings: Settings) -> None:
    """Mount `page` at the root of `app`, where it catches every path: nothing can be added to `app` after it."""
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=THEME,
        root_path=settings.root_path,
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,  # None would serve statistics to anyone
        max_file_size="1kb",
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        app_kwargs={"openapi_url": None},
    )
    # Gradio checks paths in what clients send only when this flag says that launch() ran, which mounting never does:
    # without it {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}} sent to any textbox is copied and served.
    page.has_launched = True
