"""Runs the README and the examples against one database and one `moai run`, and prints TAP. Started by scripts/test-examples."""
import contextlib
import sys

import publishing
import readme
import receiving
import signatures
from tap import Tap, true
from world import World


def main():
    tap = Tap()
    world = World()
    with contextlib.ExitStack() as running:
        tap.run("examples: the application's tables are made", world.make_application)
        if readme.start(tap, world, running):
            publishing.run(tap, world)
            receiving.run(tap, world)
            signatures.run(tap, world)
            readme.queries(tap, world)
        else:
            tap.run("examples: moai runs", true, False, "the README's commands did not start it; nothing else was tried")
    return tap.finish()


sys.exit(main())
