"""Random arrays: functions that draw from one generator of the process, and the generators."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from shframe.array.generators import Generator, RandomState
from shframe.array.ndarray import Array

_state = RandomState()


def default_rng(seed: Any = None) -> Generator:
    """A Generator; without a seed its numbers differ from run to run."""
    return Generator(seed)


def seed(seed: Any = None) -> None:
    """Let the functions of this module begin again with a seed."""
    _state.seed(seed)


def _function(method: Callable[..., Any]) -> Callable[..., Array]:
    """A method of a generator as a function: of the one of the process, or of a new one with a
    seed."""

    @functools.wraps(method)
    def draw(*args: Any, seed: Any = None, **how: Any) -> Any:
        drawn_by = _state if seed is None else RandomState(seed)
        return getattr(drawn_by, method.__name__)(*args, **how)

    return draw


beta = _function(RandomState.beta)
binomial = _function(RandomState.binomial)
bytes = _function(RandomState.bytes)
chisquare = _function(RandomState.chisquare)
choice = _function(RandomState.choice)
dirichlet = _function(RandomState.dirichlet)
exponential = _function(RandomState.exponential)
f = _function(RandomState.f)
gamma = _function(RandomState.gamma)
geometric = _function(RandomState.geometric)
gumbel = _function(RandomState.gumbel)
hypergeometric = _function(RandomState.hypergeometric)
integers = _function(RandomState.integers)
laplace = _function(RandomState.laplace)
logistic = _function(RandomState.logistic)
lognormal = _function(RandomState.lognormal)
logseries = _function(RandomState.logseries)
multinomial = _function(RandomState.multinomial)
multivariate_hypergeometric = _function(RandomState.multivariate_hypergeometric)
multivariate_normal = _function(RandomState.multivariate_normal)
negative_binomial = _function(RandomState.negative_binomial)
noncentral_chisquare = _function(RandomState.noncentral_chisquare)
noncentral_f = _function(RandomState.noncentral_f)
normal = _function(RandomState.normal)
pareto = _function(RandomState.pareto)
permutation = _function(RandomState.permutation)
permuted = _function(RandomState.permuted)
poisson = _function(RandomState.poisson)
power = _function(RandomState.power)
rand = _function(RandomState.rand)
randint = _function(RandomState.randint)
randn = _function(RandomState.randn)
random = _function(RandomState.random)
random_integers = _function(RandomState.random_integers)
random_sample = _function(RandomState.random_sample)
rayleigh = _function(RandomState.rayleigh)
shuffle = _function(RandomState.shuffle)
standard_cauchy = _function(RandomState.standard_cauchy)
standard_exponential = _function(RandomState.standard_exponential)
standard_gamma = _function(RandomState.standard_gamma)
standard_normal = _function(RandomState.standard_normal)
standard_t = _function(RandomState.standard_t)
triangular = _function(RandomState.triangular)
uniform = _function(RandomState.uniform)
vonmises = _function(RandomState.vonmises)
wald = _function(RandomState.wald)
weibull = _function(RandomState.weibull)
zipf = _function(RandomState.zipf)

__all__ = [
    "Generator",
    "RandomState",
    "beta",
    "binomial",
    "bytes",
    "chisquare",
    "choice",
    "default_rng",
    "dirichlet",
    "exponential",
    "f",
    "gamma",
    "geometric",
    "gumbel",
    "hypergeometric",
    "integers",
    "laplace",
    "logistic",
    "lognormal",
    "logseries",
    "multinomial",
    "multivariate_hypergeometric",
    "multivariate_normal",
    "negative_binomial",
    "noncentral_chisquare",
    "noncentral_f",
    "normal",
    "pareto",
    "permutation",
    "permuted",
    "poisson",
    "power",
    "rand",
    "randint",
    "randn",
    "random",
    "random_integers",
    "random_sample",
    "rayleigh",
    "seed",
    "shuffle",
    "standard_cauchy",
    "standard_exponential",
    "standard_gamma",
    "standard_normal",
    "standard_t",
    "triangular",
    "uniform",
    "vonmises",
    "wald",
    "weibull",
    "zipf",
]
