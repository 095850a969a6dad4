"""A crew whose writes people approve: it asks, goes on when they take their time, and looks again.

Run it with LATCHKEY_URL and LATCHKEY_TOKEN, the worker's own OIDC token, in its environment.
"""

import os

# CrewAI reads these when it is imported. With them it sends nothing to its makers: neither usage nor traces.
os.environ |= {"CREWAI_DISABLE_TELEMETRY": "true", "CREWAI_TRACING_ENABLED": "false"}

import latchkey
from crewai import Agent, BaseLLM, Crew, Task
from crewai.tools import tool
from crewai.tools.tool_failure import ToolFailure
from scripted_model import PatientModel

PATIENCE_SECONDS = 20  # for people, in one call of a tool; the agent may call again
MARK_PAID = "UPDATE invoices SET paid = true WHERE id = $1 RETURNING id, paid"


@tool
def mark_paid(invoice: int) -> str | ToolFailure:
    """Marks one invoice as paid. People approve it first; the answer says while they are waited for."""
    reason = f"Invoice {invoice} was paid"
    try:
        return str(
            latchkey.run(
                "billing-db",
                MARK_PAID,
                [invoice],
                reason=reason,
                action="postgres:write",
                wait_seconds=PATIENCE_SECONDS,
            )
        )
    except latchkey.NoAccess as no_access:
        return no_access.told


@tool
def check_run(run_id: str, attempt: int) -> str | ToolFailure:
    """What came of a run that waits for people. `run_id` begins with r_; `attempt` is 1, then 2, ..."""
    try:
        return str(latchkey.outcome(run_id, wait_seconds=PATIENCE_SECONDS))
    except latchkey.NoAccess as no_access:
        return no_access.told


def do(work: str, model: BaseLLM) -> str:
    """Runs the crew. What people have not decided by its end is withdrawn with the task."""
    tools = [mark_paid, check_run]
    clerk = Agent(role="Clerk", goal="Keep the books", backstory="", llm=model, tools=tools)
    task = Task(description=work, expected_output="What was done", agent=clerk)
    try:
        return str(Crew(agents=[clerk], tasks=[task]).kickoff())
    finally:
        latchkey.give_back_everything()


if __name__ == "__main__":
    print(do("Mark invoice 5 as paid.", PatientModel(model="scripted", invoice=5)))
