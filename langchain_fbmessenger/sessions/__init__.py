"""Stages over chat sessions: each takes sessions and gives sessions, as function and as Runnable.

It knows neither files nor training. The stages take any loader's sessions.
"""

from langchain_fbmessenger._internal.roster import ThreadInfo
from langchain_fbmessenger.sessions.intake import ChatSessionSchema
from langchain_fbmessenger.sessions.mapping import (
    MapAIMessages,
    map_ai_messages,
    map_ai_messages_in_session,
)
from langchain_fbmessenger.sessions.merge import (
    MergeChatRuns,
    merge_chat_runs,
    merge_chat_runs_in_session,
)
from langchain_fbmessenger.sessions.split import SplitChatSessions, split_chat_sessions
from langchain_fbmessenger.sessions.stage import (
    ChatSessionPipeline,
    ComposesAfterStage,
    SessionStage,
)

__all__ = [
    "ChatSessionPipeline",
    "ChatSessionSchema",
    "ComposesAfterStage",
    "MapAIMessages",
    "MergeChatRuns",
    "SessionStage",
    "SplitChatSessions",
    "ThreadInfo",
    "map_ai_messages",
    "map_ai_messages_in_session",
    "merge_chat_runs",
    "merge_chat_runs_in_session",
    "split_chat_sessions",
]
