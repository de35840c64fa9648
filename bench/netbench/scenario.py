# SPDX-License-Identifier: ISC
"""What a scenario is."""
import dataclasses
from typing import Callable


@dataclasses.dataclass
class Scenario:
    """One thing that is measured or checked."""
    name: str
    title: str
    run: Callable            # (bench) -> rows
    needs_netlabd: bool = True
    by_default: bool = True  # run when no name is given
