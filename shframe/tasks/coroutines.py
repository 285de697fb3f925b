"""Coroutine functions as tasks: each call has an event loop of its own, in the worker."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any


def run_to_end(function: Callable[..., Any]) -> Callable[..., Any]:
    """A plain function that returns the result of a coroutine function, or yields its values."""
    if inspect.iscoroutinefunction(function):
        return _Coroutine(function)
    if inspect.isasyncgenfunction(function):
        return _AsyncGenerator(function)
    return function


class _Coroutine:
    """Runs a coroutine function to its end."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__name__ = function.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        import asyncio

        return asyncio.run(self.function(*args, **kwargs))


class _AsyncGenerator(_Coroutine):
    """Yields the values of an asynchronous generator, which runs only while one is asked for."""

    def __call__(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        import asyncio

        values = self.function(*args, **kwargs)
        with asyncio.Runner() as runner:
            try:
                while True:
                    try:
                        value = runner.run(_next(values))
                    except StopAsyncIteration:
                        return
                    yield value
                    del value
            finally:
                runner.run(_close(values))


async def _next(values: AsyncIterator[Any]) -> Any:
    return await anext(values)


async def _close(values: Any) -> None:
    await values.aclose()
