"""Stands in for a language model, so that the examples run anywhere and say the same every time."""

import json
import re
from typing import Any

from crewai import BaseLLM
from crewai.utilities.types import LLMMessage


def said_by_tools(messages: str | list[LLMMessage]) -> list[str]:
    return [
        str(message["content"])
        for message in messages
        if isinstance(message, dict) and message["role"] == "tool"
    ]


def use(tool: str, **arguments: Any) -> list[dict[str, Any]]:
    """How a model says that it wants a tool to be called."""
    function = {"name": tool, "arguments": json.dumps(arguments)}
    return [{"id": "call-1", "type": "function", "function": function}]


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
        if said := said_by_tools(messages):
            return f"The orders database says:\n{said[-1]}"
        return use("query_orders", sql=self.sql)


class PatientModel(ScriptedModel):
    """Calls `mark_paid` once, then looks again as often as it is told that people are waited for."""

    invoice: int
    patience: int = 10

    def call(self, messages: str | list[LLMMessage], *_: Any, **__: Any) -> Any:
        said = said_by_tools(messages)
        if not said:
            return use("mark_paid", invoice=self.invoice)
        waiting = re.search(r"Waiting for people \((r_\w+)\)", said[-1])
        if waiting and len(said) <= self.patience:
            return use("check_run", run_id=waiting[1], attempt=len(said))
        return said[-1]
