# SPDX-License-Identifier: MIT
"""Our side: an image of the tree, built for speed and started like Linux.

    ours.start(race, "tests/race/ours_threads.c", icount=True)      a Guest
"""
import boot
from guest import Guest


def image(race, app, **variables):
    """Path of the app's image (the whole system: app=None). RELEASE=1 unless said otherwise."""
    variables = {"RELEASE": "1", "CI": "1", **({"APP": app} if app else {}), **variables}
    return boot.build(race.machine, BUILD=race.build, **variables)


def start(race, app, **options):
    """A Guest with that image; the options are Guest's: append, disks, net, icount, memory."""
    return Guest(race, image(race, app), **options)
