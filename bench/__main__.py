"""`make bench`: runs each benchmark in turn and prints what it measured."""

from bench import evidence, guardrails, kill, providers, routing, turns

if __name__ == "__main__":
    turns.main()
    providers.main()
    routing.main()
    evidence.main()
    guardrails.main()
    kill.main()
