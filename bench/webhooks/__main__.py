"""``python -m bench.webhooks``: throughput on SQLite and PostgreSQL, then a burst of 10,000."""

import argparse

from bench.webhooks import burst, throughput


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench.webhooks", description=__doc__)
    options.add_argument("--seconds", type=float, default=3.0, help="for each measurement")
    options.add_argument("--rounds", type=int, default=2, help="how often each is measured; medians are told")
    options.add_argument("--burst", type=int, default=10_000, help="deliveries in the burst; 0 leaves it out")
    options.add_argument("--only", choices=("sqlite", "postgresql", "burst"))
    given = options.parse_args()
    goals: list[str] = []
    for database in ("sqlite", "postgresql"):
        if given.only in (None, database):
            found = throughput.measure(database, seconds=given.seconds, rounds=given.rounds)
            print(f"\n## {database}\n\n{throughput.table(found)}\n", flush=True)
            goals += throughput.goals(database, found)
    if given.burst and given.only in (None, "burst"):
        words, more = burst.run(given.burst)
        print(f"\n## Burst\n\n{words}\n")
        goals += more
    print("| target | measured | aimed at | met |\n|---|---|---|---|", *goals, sep="\n")


if __name__ == "__main__":
    main()
