"""Distributions: a method each of the generators, with parameters that are numbers or arrays that
broadcast."""

from __future__ import annotations

from typing import Any

from shframe.array.ndarray import Array


class Distributions:
    """The distributions by NumPy's names; how numbers are drawn is the generator's."""

    def _draw_by(
        self, method: str, parameters: Any, size: Any, chunks: Any, *, integers: bool = False
    ) -> Array:
        raise NotImplementedError

    def _draw_vectors(
        self, method: str, parameters: Any, size: Any, chunks: Any, *, integers: bool = False
    ) -> Array:
        raise NotImplementedError

    def beta(self, a: Any, b: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Floats of a beta distribution."""
        return self._draw_by("beta", (a, b), size, chunks)

    def binomial(self, n: Any, p: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """How many of n trials of probability p succeed."""
        return self._draw_by("binomial", (n, p), size, chunks, integers=True)

    def chisquare(self, df: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Floats of a chi-square distribution."""
        return self._draw_by("chisquare", (df,), size, chunks)

    def f(self, dfnum: Any, dfden: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Floats of an F distribution."""
        return self._draw_by("f", (dfnum, dfden), size, chunks)

    def gamma(self, shape: Any, scale: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """Floats of a gamma distribution."""
        return self._draw_by("gamma", (shape, scale), size, chunks)

    def geometric(self, p: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Integers of a geometric distribution."""
        return self._draw_by("geometric", (p,), size, chunks, integers=True)

    def gumbel(
        self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Floats of a Gumbel distribution."""
        return self._draw_by("gumbel", (loc, scale), size, chunks)

    def hypergeometric(
        self, ngood: Any, nbad: Any, nsample: Any, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Integers of a hypergeometric distribution."""
        return self._draw_by("hypergeometric", (ngood, nbad, nsample), size, chunks, integers=True)

    def laplace(
        self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Floats of a Laplace distribution."""
        return self._draw_by("laplace", (loc, scale), size, chunks)

    def logistic(
        self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Floats of a logistic distribution."""
        return self._draw_by("logistic", (loc, scale), size, chunks)

    def lognormal(
        self, mean: Any = 0.0, sigma: Any = 1.0, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Floats whose logarithms are of a normal distribution."""
        return self._draw_by("lognormal", (mean, sigma), size, chunks)

    def logseries(self, p: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Integers of a logarithmic series distribution."""
        return self._draw_by("logseries", (p,), size, chunks, integers=True)

    def negative_binomial(self, n: Any, p: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Integers of a negative binomial distribution."""
        return self._draw_by("negative_binomial", (n, p), size, chunks, integers=True)

    def noncentral_chisquare(
        self, df: Any, nonc: Any, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Floats of a noncentral chi-square distribution."""
        return self._draw_by("noncentral_chisquare", (df, nonc), size, chunks)

    def noncentral_f(
        self, dfnum: Any, dfden: Any, nonc: Any, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Floats of a noncentral F distribution."""
        return self._draw_by("noncentral_f", (dfnum, dfden, nonc), size, chunks)

    def pareto(self, a: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Floats of a Pareto II distribution."""
        return self._draw_by("pareto", (a,), size, chunks)

    def poisson(self, lam: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """Integers of a Poisson distribution."""
        return self._draw_by("poisson", (lam,), size, chunks, integers=True)

    def power(self, a: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Floats of a power distribution."""
        return self._draw_by("power", (a,), size, chunks)

    def rayleigh(self, scale: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """Floats of a Rayleigh distribution."""
        return self._draw_by("rayleigh", (scale,), size, chunks)

    def standard_cauchy(self, size: Any = None, chunks: Any = "auto") -> Array:
        """Floats of the standard Cauchy distribution."""
        return self._draw_by("standard_cauchy", (), size, chunks)

    def standard_gamma(self, shape: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Floats of a standard gamma distribution."""
        return self._draw_by("standard_gamma", (shape,), size, chunks)

    def standard_t(self, df: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Floats of Student's t distribution."""
        return self._draw_by("standard_t", (df,), size, chunks)

    def triangular(
        self, left: Any, mode: Any, right: Any, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Floats of a triangular distribution."""
        return self._draw_by("triangular", (left, mode, right), size, chunks)

    def vonmises(self, mu: Any, kappa: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Floats of a von Mises distribution."""
        return self._draw_by("vonmises", (mu, kappa), size, chunks)

    def wald(self, mean: Any, scale: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Floats of a Wald distribution."""
        return self._draw_by("wald", (mean, scale), size, chunks)

    def weibull(self, a: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Floats of a Weibull distribution."""
        return self._draw_by("weibull", (a,), size, chunks)

    def zipf(self, a: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Integers of a Zipf distribution."""
        return self._draw_by("zipf", (a,), size, chunks, integers=True)

    def multinomial(self, n: Any, pvals: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Counts of n draws of several outcomes, along the last axis."""
        return self._draw_vectors("multinomial", (n, pvals), size, chunks, integers=True)

    def multivariate_normal(
        self, mean: Any, cov: Any, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Vectors of a normal distribution with this mean and covariance."""
        return self._draw_vectors("multivariate_normal", (mean, cov), size, chunks)

    def multivariate_hypergeometric(
        self, colors: Any, nsample: Any, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Counts of draws without putting back, along the last axis."""
        return self._draw_vectors(
            "multivariate_hypergeometric", (colors, nsample), size, chunks, integers=True
        )

    def dirichlet(self, alpha: Any, size: Any = None, chunks: Any = "auto") -> Array:
        """Vectors of a Dirichlet distribution."""
        return self._draw_vectors("dirichlet", (alpha,), size, chunks)
