"""`make bench`: runs each benchmark in turn and prints what it measured."""

from bench import dashboards, evidence, export, guardrails, kill, providers, routing, tracing, turns, writes

if __name__ == "__main__":
    turns.main()
    providers.main()
    writes.main()
    routing.main()
    evidence.main()
    guardrails.main()
    export.main()
    dashboards.main()
    tracing.main()
    kill.main()
