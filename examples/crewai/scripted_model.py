"""Stands in for a language model, so that the example runs anywhere and says the same every time."""

import json
from typing import Any

from crewai import BaseLLM
from crewai.utilities.types import LLMMessage


class ScriptedModel(BaseLLM):
    """Calls `query_orders` once, then answers with what the tool said."""

    sql: str = (
        "SELECT orders.id, name, total_cents, placed_at "
        "FROM orders JOIN customers ON customers.id = customer_id ORDER BY placed_at DESC LIMIT 3"
    )

    def supports_function_calling(self) -> bool:
        return True

    def get_input_tokens_count(self, *_: Any, **__: Any) -> int:
        return 0

    def call(self, messages: str | list[LLMMessage], *_: Any, **__: Any) -> Any:
        said = [
            message["content"]
            for message in messages
            if isinstance(message, dict) and message["role"] == "tool"
        ]
        if said:
            return f"The orders database says:\n{said[-1]}"
        function = {"name": "query_orders", "arguments": json.dumps({"sql": self.sql})}
        return [{"id": "call-1", "type": "function", "function": function}]
