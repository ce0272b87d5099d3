"""The web edge: chat page, JSON API and the guard around both.

Gradio looks up api.gradio.app and huggingface.co at start unless this variable says no before its first import, so the
package sets it, whatever the environment holds.
"""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
