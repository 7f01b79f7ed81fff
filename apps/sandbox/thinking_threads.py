"""Where the sandbox thinks: a few threads of its own.

The product may run in the same process and serve its tools from the loop's default threads; the analyst's reading
takes none of those. Nor does a loop that ends with the process have to wait for a default pool of its own.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

R = TypeVar("R")

_THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="sandbox-thinking")


async def off_the_loop(function: Callable[[], R]) -> R:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, function)
