# SPDX-License-Identifier: MIT
"""What the README and the chapters show is what the tree has: code, tables, and the output of every command."""
import glob
import os
import subprocess
import sys

import boot
import pytest
from conftest import BUILD

PAGES = ["README.md", *sorted(os.path.relpath(page, boot.ROOT)
                              for page in glob.glob(os.path.join(boot.ROOT, "docs/**/*.md"), recursive=True))]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_what_is_there(page):
    done = subprocess.run([sys.executable, "tools/text", page], cwd=boot.ROOT, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "BUILD": BUILD},
                          check=False)
    assert done.returncode == 0, done.stdout
