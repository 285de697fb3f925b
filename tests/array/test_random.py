"""Distributions: the same numbers on any grid, in NumPy's dtype, with NumPy's mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shframe.array as xp

pytestmark = pytest.mark.usefixtures("session")
PARAMETERS: dict[str, tuple[Any, ...]] = {
    "beta": (2, 3),
    "binomial": (10, 0.3),
    "chisquare": (3,),
    "f": (3, 40),
    "gamma": (2.0,),
    "geometric": (0.3,),
    "gumbel": (),
    "hypergeometric": (10, 5, 6),
    "laplace": (),
    "logistic": (),
    "lognormal": (),
    "logseries": (0.5,),
    "negative_binomial": (5, 0.5),
    "noncentral_chisquare": (3, 1),
    "noncentral_f": (3, 40, 1),
    "pareto": (5.0,),
    "poisson": (2,),
    "power": (2.0,),
    "rayleigh": (),
    "standard_cauchy": (),
    "standard_exponential": (),
    "standard_gamma": (2.0,),
    "standard_t": (8,),
    "triangular": (0, 1, 3),
    "vonmises": (0, 1),
    "wald": (1, 1),
    "weibull": (2.0,),
    "zipf": (6.0,),
}
VECTORS: dict[str, tuple[Any, ...]] = {
    "multinomial": (20, [0.2, 0.8]),
    "multivariate_normal": ([0, 1], [[1, 0.5], [0.5, 2]]),
    "multivariate_hypergeometric": ([5, 7, 2], 4),
    "dirichlet": ([1.0, 2.0, 3.0],),
}


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_a_distribution_is_the_same_on_any_grid_and_has_numpys_middle(name: str) -> None:
    def drawn(chunks: Any) -> Any:
        draw = getattr(xp.random.default_rng(7), name)
        return draw(*PARAMETERS[name], size=(90, 40), chunks=chunks).compute()

    one = drawn("auto")
    assert np.array_equal(one, drawn((17, 23)))
    numpys = getattr(np.random.default_rng(1), name)(*PARAMETERS[name], size=20_000)
    assert one.dtype == numpys.dtype
    low, high = np.quantile(numpys, [0.4, 0.6])
    assert low <= np.median(one) <= high
    assert getattr(xp.random, name)(*PARAMETERS[name], size=3, seed=7).shape == (3,)


@pytest.mark.parametrize("name", sorted(VECTORS))
def test_vectors_are_the_last_axis(name: str) -> None:
    def drawn(chunks: Any) -> Any:
        draw = getattr(xp.random.default_rng(7), name)
        return draw(*VECTORS[name], size=(600, 4), chunks=chunks).compute()

    one = drawn("auto")
    assert np.array_equal(one, drawn((100, 3, 1)))
    numpys = getattr(np.random.default_rng(1), name)(*VECTORS[name], size=(600, 4))
    assert one.shape == numpys.shape
    assert one.dtype == numpys.dtype
    np.testing.assert_allclose(one.mean((0, 1)), numpys.mean((0, 1)), rtol=0.1, atol=0.2)


def test_parameters_may_be_arrays() -> None:
    rng = xp.random.default_rng(3)
    scale = xp.asarray([1.0, 50.0, 2000.0], chunks=2)
    means = rng.gamma(scale, size=(3000, 3), chunks=(1000, 3)).mean(axis=0).compute()
    np.testing.assert_allclose(means, [1, 50, 2000], rtol=0.1)
    assert rng.poisson([1.0, 2.0]).shape == (2,)
    with pytest.raises(ValueError, match="not compatible"):
        rng.poisson([1.0, 2.0], size=3)


def test_permutations_have_each_element_once() -> None:
    rng = xp.random.default_rng(3)
    assert sorted(rng.permutation(50).compute()) == list(range(50))
    values = np.arange(60).reshape(20, 3)
    rows = rng.permutation(xp.from_array(values, chunks=(6, 2))).compute()
    assert not np.array_equal(rows, values)
    assert np.array_equal(rows[np.argsort(rows[:, 0])], values)
    lazy = xp.arange(30, chunks=7)
    rng.shuffle(lazy)
    assert sorted(lazy.compute()) == list(range(30)) != list(lazy.compute())
    lines = rng.permuted(xp.from_array(values, chunks=6), axis=1).compute()
    assert np.array_equal(np.sort(lines, axis=1), values)
    with pytest.raises(TypeError, match="permutation"):
        rng.shuffle([1, 2])


def test_choices_are_elements_and_without_putting_back_differ() -> None:
    rng = xp.random.default_rng(3)
    some = rng.choice(xp.arange(10, chunks=3) * 2, (40, 5), chunks=(9, 2)).compute()
    assert set(some.reshape(-1)) <= set(range(0, 20, 2))
    assert len(set(rng.choice(40, 40, replace=False).compute())) == 40
    often = rng.choice(["a", "b"], 2000, p=[0.1, 0.9]).compute()
    assert 1700 < (often == "b").sum() < 1900
    assert rng.choice(np.arange(12).reshape(4, 3), 2).shape == (2, 3)
    with pytest.raises(ValueError, match="larger sample"):
        rng.choice(3, 4, replace=False)
    with pytest.raises(ValueError, match="do not sum to 1"):
        rng.choice(3, 4, p=[0.5, 0.1, 0.1])


def test_the_process_has_one_generator_with_a_seed() -> None:
    xp.random.seed(3)
    one = xp.random.rand(3, 2).compute()
    xp.random.seed(3)
    assert np.array_equal(one, xp.random.rand(3, 2).compute())
    assert not np.array_equal(one, xp.random.rand(3, 2).compute())
    state = xp.random.RandomState(5)
    assert set(state.randint(2, 4, 50).compute()) == {2, 3}
    assert set(state.random_integers(2, 50 - 47, 50).compute()) == {2, 3}
    assert abs(float(state.randn(2000).mean())) < 0.2
    assert float(state.random_sample()) < 1
    children = xp.random.default_rng(1).spawn(2)
    assert not np.array_equal(*(child.random(4).compute() for child in children))
    assert len(xp.random.default_rng(1).bytes(5)) == 5
