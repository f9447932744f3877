"""Runs agents of one configuration, each as a process that was forked from this one, and says with what they ended.

python -m tests.cameras.stops watchpost.yaml NODE PORT
Data directories are read from standard input, one line for all that begin together; their process numbers are written,
and when all have ended their exit codes.
"""

import os
import sys
from pathlib import Path

import edge.agent.node  # noqa: F401 - imported once, and not again by each agent
from watchpost.configuration.agents import node_settings  # noqa: F401 - likewise
from watchpost.processes import entry_points, logs
from watchpost.processes.runtime import Runtime


def main() -> None:
    config, node, port = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    logs.configure("json", sys.stderr)
    for line in sys.stdin:
        agents: list[int] = []
        for data in line.split():
            agent = os.fork()
            if not agent:
                entry_points.edge(Runtime.start(config, Path(data), port), node)
            agents.append(agent)
        sys.stdout.write(f"{' '.join(map(str, agents))}\n")
        sys.stdout.flush()
        codes = [os.waitstatus_to_exitcode(os.waitpid(agent, 0)[1]) for agent in agents]
        sys.stdout.write(f"{' '.join(map(str, codes))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
