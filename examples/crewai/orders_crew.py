"""A crew that answers from the orders database, and whose model never sees a password for it.

Run it with LATCHKEY_URL and LATCHKEY_TOKEN, the worker's own OIDC token, in its environment.
"""

import logging
import os

# CrewAI reads these when it is imported. With them it sends nothing to its makers: neither usage nor traces.
os.environ |= {"CREWAI_DISABLE_TELEMETRY": "true", "CREWAI_TRACING_ENABLED": "false"}

import latchkey
from crewai import Agent, BaseLLM, Crew, Task
from crewai.tools import tool
from crewai.tools.tool_failure import ToolFailure
from pg8000.native import DatabaseError
from scripted_model import ScriptedModel

ANSWER_MAX_CHARACTERS = 8_000  # CrewAI puts the whole answer of a tool before the model


@tool
def query_orders(sql: str) -> str | ToolFailure:
    """Runs one SQL statement on the orders database and gives its rows.
    Tables: customers (id, name, email, country), orders (id, customer_id, placed_at, total_cents)."""
    try:
        with latchkey.connection("orders-db", reason="Answer a question about orders") as connection:
            rows = connection.run(sql) or []
            names = [column["name"] for column in connection.columns or ()]
    except latchkey.NoAccess as no_access:
        return no_access.told
    except DatabaseError as error:
        return ToolFailure(message=f"PostgreSQL: {error.args[0]['M']}", code=error.args[0]["C"])
    return "\n".join(" | ".join(map(str, row)) for row in (names, *rows))[:ANSWER_MAX_CHARACTERS]


def answer(question: str, model: BaseLLM) -> str:
    """Runs the crew. Whatever happens, nothing is held when this returns."""
    analyst = Agent(
        role="Analyst", goal="Answer from the data", backstory="", llm=model, tools=[query_orders]
    )
    task = Task(description=question, expected_output="A short answer", agent=analyst)
    try:
        return str(Crew(agents=[analyst], tasks=[task]).kickoff())
    finally:
        latchkey.give_back_everything()


if __name__ == "__main__":
    logging.basicConfig(format="%(name)s: %(message)s")
    latchkey.log.setLevel(logging.INFO)
    print(answer("Which are our newest orders?", ScriptedModel(model="scripted")))
