# SPDX-License-Identifier: MIT
"""Every chapter is held to its `expect`, on all machines."""
import glob
import os

import boot
import pytest

RUNS = [(os.path.basename(folder)[:2], machine, run)
        for folder in sorted(glob.glob(os.path.join(boot.ROOT, "docs/chapters/[0-9]*")))
        if os.path.exists(os.path.join(folder, "expect"))
        for machine in boot.MACHINES
        for run in boot.parse_expect(os.path.join(folder, "expect"))]


@pytest.mark.parametrize("chapter, machine, run", RUNS,
                         ids=[f"{c}-{m}-{r.append or 'plain'}-{r.line}" for c, m, r in RUNS])
def test_chapter_shows_what_its_text_says(image, chapter, machine, run):
    if machine in run.skip:
        pytest.skip(run.skip[machine])
    boot.hold(machine, image(machine, CHAPTER=chapter), run)


def test_every_chapter_promises_something():
    folders = sorted(glob.glob(os.path.join(boot.ROOT, "docs/chapters/[0-9]*")))
    for folder in folders:
        runs = boot.parse_expect(os.path.join(folder, "expect"))
        assert any(run.steps for run in runs), f"{folder}/expect expects nothing"
