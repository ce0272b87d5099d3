"""The web edge: chat page, JSON API and the guard around both.

Gradio reads these variables when it is first imported, so the package sets them, whatever the environment holds. It would
look up api.gradio.app and huggingface.co at start; and it would sum up its last ten thousand questions after each one, with
pandas, for statistics that this server shows nobody: that takes some 20 ms, and memory that grows until there are so many.
"""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(2**62)  # questions between two sums
