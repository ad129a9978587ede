"""Every Python example on the pages of protocols runs, against a platform in place of the reader's own."""

from __future__ import annotations

import re
from pathlib import Path

import parts
import pytest
from lab_client import started_lab
from platform_process import Ready

PAGES = sorted((parts.REPOSITORY / "docs" / "protocols").glob("*.md"))
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "README.md"], ids=lambda page: page.stem)
def test_the_examples_of_a_page_run(page: Path, ready: Ready) -> None:
    examples = EXAMPLE.findall(page.read_text())
    assert examples, "a page has an example"
    if "GATEWAY" in "".join(examples):
        started_lab(ready)
    for example in examples:
        here = example.replace("http://localhost:8644", ready.vo_url).replace("grpc://localhost:8815", ready.flight_url)
        exec(
            compile(here, str(page), "exec"), {"TOKEN": ready.token, "USER": ready.user, "GATEWAY": ready.gateway_url}
        )
