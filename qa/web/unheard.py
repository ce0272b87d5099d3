"""What Gradio holds for streams that nobody has opened: bounded, as a client may ask without end and never listen.

A question's messages each hold the conversation that came with it, up to a page's largest body, and wait for their session's
stream. Gradio itself bounds the sessions, not what one holds.
"""

from typing import Any, Final

from gradio.queueing import Queue

from qa.web.listeners import Listeners

MOST: Final = 32 * 2**20
"""Bytes that wait for streams, all sessions together; beyond them the session that has been silent longest is forgotten."""


class Unheard:
    """Counts what waits for streams, and lets go of the oldest."""

    def __init__(self, queue: Queue, listeners: Listeners) -> None:
        """:param listeners: tell which sessions' streams are open, and when one opens or ends."""
        self._queue = queue
        self._listeners = listeners
        self._send = queue.send_message
        self._held: dict[str, int] = {}
        queue.send_message = self.send  # type: ignore[assignment, method-assign]
        listeners.known, listeners.opened, listeners.ended = self.known, self.opened, self.ended

    @property
    def held(self) -> int:
        """Bytes that wait."""
        return sum(self._held.values())

    def send(self, event: Any, message: Any) -> None:
        """As the queue's own `send_message`; nothing where the session has been forgotten."""
        session = event.session_hash
        if session not in self._queue.pending_messages_per_session:
            return
        self._send(event, message)
        if self._listeners.hears(session):
            return
        self._held[session] = self._held.pop(session, 0) + len(message.model_dump_json())
        while self.held > MOST:
            self._forget(next(iter(self._held)))

    def known(self, name: str) -> bool:
        """Whether something waits, or may come, for the session or the event of that name."""
        queue = self._queue
        return (
            name in queue.pending_messages_per_session
            or name in queue.event_ids_to_events
            or any(name in events for events in queue.pending_event_ids_session.values())
        )

    def opened(self, session: str) -> None:
        """A stream takes what waited."""
        self._held.pop(session, None)

    def ended(self, session: str) -> None:
        """A stream ended; where it has told all, Gradio need keep nothing of its session."""
        if not self._queue.pending_event_ids_session.get(session):
            self._forget(session)

    def _forget(self, session: str) -> None:
        self._held.pop(session, None)
        self._queue.pending_event_ids_session.pop(session, None)
        self._queue.pending_messages_per_session.pop(session, None)
