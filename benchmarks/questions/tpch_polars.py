"""TPC-H q1 to q22 on lazy frames of Polars, with the specification's validation parameters.

Filters stand where they read best: Polars' optimiser moves them. Semi-joins are its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
from polars import col

REVENUE = col("l_extendedprice") * (1 - col("l_discount"))


def _day(text: str) -> Any:
    return pl.lit(datetime.fromisoformat(text))


def _from(column: str, first: str, end: str) -> Any:
    """Days from the first up to the end, without it."""
    return col(column).is_between(_day(first), _day(end), closed="left")


def q1(lineitem: Any) -> Any:
    return (
        lineitem.filter(col("l_shipdate") <= _day("1998-09-02"))
        .group_by("l_returnflag", "l_linestatus")
        .agg(
            sum_qty=col("l_quantity").sum(),
            sum_base_price=col("l_extendedprice").sum(),
            sum_disc_price=REVENUE.sum(),
            sum_charge=(REVENUE * (1 + col("l_tax"))).sum(),
            avg_qty=col("l_quantity").mean(),
            avg_price=col("l_extendedprice").mean(),
            avg_disc=col("l_discount").mean(),
            count_order=pl.len(),
        )
        .sort("l_returnflag", "l_linestatus")
    )


def q2(region: Any, nation: Any, supplier: Any, part: Any, partsupp: Any) -> Any:
    offers = (
        part.filter(col("p_size") == 15, col("p_type").str.ends_with("BRASS"))
        .join(partsupp, left_on="p_partkey", right_on="ps_partkey")
        .join(supplier, left_on="ps_suppkey", right_on="s_suppkey")
        .join(nation, left_on="s_nationkey", right_on="n_nationkey")
        .join(region, left_on="n_regionkey", right_on="r_regionkey")
        .filter(col("r_name") == "EUROPE")
    )
    lowest = offers.group_by("p_partkey").agg(lowest=col("ps_supplycost").min())
    labels = ["s_acctbal", "s_name", "n_name", "p_partkey", "p_mfgr", "s_address", "s_phone"]
    return (
        offers.join(lowest, on="p_partkey")
        .filter(col("ps_supplycost") == col("lowest"))
        .select(*labels, "s_comment")
        .sort("s_acctbal", "n_name", "s_name", "p_partkey", descending=[True, False, False, False])
        .head(100)
    )


def q3(customer: Any, orders: Any, lineitem: Any) -> Any:
    return (
        customer.filter(col("c_mktsegment") == "BUILDING")
        .join(orders, left_on="c_custkey", right_on="o_custkey")
        .join(lineitem, left_on="o_orderkey", right_on="l_orderkey")
        .filter(col("o_orderdate") < _day("1995-03-15"), col("l_shipdate") > _day("1995-03-15"))
        .group_by("o_orderkey", "o_orderdate", "o_shippriority")
        .agg(revenue=REVENUE.sum())
        .rename({"o_orderkey": "l_orderkey"})
        .sort("revenue", "o_orderdate", descending=[True, False])
        .head(10)
    )


def q4(orders: Any, lineitem: Any) -> Any:
    late = lineitem.filter(col("l_commitdate") < col("l_receiptdate"))
    return (
        orders.filter(_from("o_orderdate", "1993-07-01", "1993-10-01"))
        .join(late, left_on="o_orderkey", right_on="l_orderkey", how="semi")
        .group_by("o_orderpriority")
        .agg(order_count=pl.len())
        .sort("o_orderpriority")
    )


def q5(region: Any, nation: Any, supplier: Any, customer: Any, orders: Any, lineitem: Any) -> Any:
    return (
        region.filter(col("r_name") == "ASIA")
        .join(nation, left_on="r_regionkey", right_on="n_regionkey")
        .join(customer, left_on="n_nationkey", right_on="c_nationkey")
        .join(orders, left_on="c_custkey", right_on="o_custkey")
        .filter(_from("o_orderdate", "1994-01-01", "1995-01-01"))
        .join(lineitem, left_on="o_orderkey", right_on="l_orderkey")
        .join(
            supplier,
            left_on=["l_suppkey", "n_nationkey"],
            right_on=["s_suppkey", "s_nationkey"],
        )
        .group_by("n_name")
        .agg(revenue=REVENUE.sum())
        .sort("revenue", descending=True)
    )


def q6(lineitem: Any) -> Any:
    return lineitem.filter(
        _from("l_shipdate", "1994-01-01", "1995-01-01"),
        col("l_discount").is_between(0.05, 0.07),
        col("l_quantity") < 24,
    ).select(revenue=(col("l_extendedprice") * col("l_discount")).sum())


def q7(nation: Any, supplier: Any, customer: Any, orders: Any, lineitem: Any) -> Any:
    both = nation.filter(col("n_name").is_in(["FRANCE", "GERMANY"])).select("n_nationkey", "n_name")
    sellers = supplier.join(both, left_on="s_nationkey", right_on="n_nationkey")
    buyers = customer.join(both, left_on="c_nationkey", right_on="n_nationkey")
    return (
        lineitem.filter(col("l_shipdate").is_between(_day("1995-01-01"), _day("1996-12-31")))
        .join(
            sellers.select("s_suppkey", supp_nation="n_name"),
            left_on="l_suppkey",
            right_on="s_suppkey",
        )
        .join(orders, left_on="l_orderkey", right_on="o_orderkey")
        .join(
            buyers.select("c_custkey", cust_nation="n_name"),
            left_on="o_custkey",
            right_on="c_custkey",
        )
        .filter(col("supp_nation") != col("cust_nation"))
        .group_by("supp_nation", "cust_nation", l_year=col("l_shipdate").dt.year())
        .agg(revenue=REVENUE.sum())
        .sort("supp_nation", "cust_nation", "l_year")
    )


def q8(
    region: Any,
    nation: Any,
    supplier: Any,
    customer: Any,
    part: Any,
    orders: Any,
    lineitem: Any,
) -> Any:
    america = nation.join(
        region.filter(col("r_name") == "AMERICA"), left_on="n_regionkey", right_on="r_regionkey"
    ).select("n_nationkey")
    return (
        part.filter(col("p_type") == "ECONOMY ANODIZED STEEL")
        .join(lineitem, left_on="p_partkey", right_on="l_partkey")
        .join(orders, left_on="l_orderkey", right_on="o_orderkey")
        .filter(col("o_orderdate").is_between(_day("1995-01-01"), _day("1996-12-31")))
        .join(customer, left_on="o_custkey", right_on="c_custkey")
        .join(america, left_on="c_nationkey", right_on="n_nationkey", how="semi")
        .join(supplier, left_on="l_suppkey", right_on="s_suppkey")
        .join(
            nation.select("n_nationkey", "n_name"),
            left_on="s_nationkey",
            right_on="n_nationkey",
        )
        .group_by(o_year=col("o_orderdate").dt.year())
        .agg(mkt_share=REVENUE.filter(col("n_name") == "BRAZIL").sum() / REVENUE.sum())
        .sort("o_year")
    )


def q9(nation: Any, supplier: Any, part: Any, partsupp: Any, orders: Any, lineitem: Any) -> Any:
    return (
        part.filter(col("p_name").str.contains("green", literal=True))
        .join(partsupp, left_on="p_partkey", right_on="ps_partkey")
        .join(supplier, left_on="ps_suppkey", right_on="s_suppkey")
        .join(nation, left_on="s_nationkey", right_on="n_nationkey")
        .join(
            lineitem,
            left_on=["p_partkey", "ps_suppkey"],
            right_on=["l_partkey", "l_suppkey"],
        )
        .join(orders, left_on="l_orderkey", right_on="o_orderkey")
        .group_by("n_name", o_year=col("o_orderdate").dt.year())
        .agg(sum_profit=(REVENUE - col("ps_supplycost") * col("l_quantity")).sum())
        .sort("n_name", "o_year", descending=[False, True])
    )


def q10(nation: Any, customer: Any, orders: Any, lineitem: Any) -> Any:
    labels = ["c_acctbal", "n_name", "c_address", "c_phone", "c_comment"]
    return (
        orders.filter(_from("o_orderdate", "1993-10-01", "1994-01-01"))
        .join(
            lineitem.filter(col("l_returnflag") == "R"),
            left_on="o_orderkey",
            right_on="l_orderkey",
        )
        .group_by(c_custkey="o_custkey")
        .agg(revenue=REVENUE.sum())
        .sort("revenue", descending=True)
        .head(20)
        .join(customer, on="c_custkey")
        .join(nation, left_on="c_nationkey", right_on="n_nationkey")
        .select("c_custkey", "c_name", "revenue", *labels)
        .sort("revenue", descending=True)
    )


def q11(nation: Any, supplier: Any, partsupp: Any) -> Any:
    value = col("ps_supplycost") * col("ps_availqty")
    rows = (
        nation.filter(col("n_name") == "GERMANY")
        .join(supplier, left_on="n_nationkey", right_on="s_nationkey")
        .join(partsupp, left_on="s_suppkey", right_on="ps_suppkey")
    )
    total = rows.select(total=value.sum())
    suppliers = supplier.select(suppliers=pl.len())
    return (
        rows.group_by("ps_partkey")
        .agg(value=value.sum())
        .join(total, how="cross")
        .join(suppliers, how="cross")
        .filter(col("value") > col("total") / col("suppliers"))
        .select("ps_partkey", "value")
        .sort("value", descending=True)
    )


def q12(orders: Any, lineitem: Any) -> Any:
    high = col("o_orderpriority").is_in(["1-URGENT", "2-HIGH"])
    return (
        lineitem.filter(
            col("l_shipmode").is_in(["MAIL", "SHIP"]),
            col("l_commitdate") < col("l_receiptdate"),
            col("l_shipdate") < col("l_commitdate"),
            _from("l_receiptdate", "1994-01-01", "1995-01-01"),
        )
        .join(orders, left_on="l_orderkey", right_on="o_orderkey")
        .group_by("l_shipmode")
        .agg(high_line_count=high.sum(), low_line_count=(~high).sum())
        .sort("l_shipmode")
    )


def q13(customer: Any, orders: Any) -> Any:
    plain = orders.filter(~col("o_comment").str.contains("special.*requests"))
    return (
        customer.join(plain, left_on="c_custkey", right_on="o_custkey", how="left")
        .group_by("c_custkey")
        .agg(c_count=col("o_orderkey").count())
        .group_by("c_count")
        .agg(custdist=pl.len())
        .sort("custdist", "c_count", descending=[True, True])
    )


def q14(part: Any, lineitem: Any) -> Any:
    promoted = REVENUE.filter(col("p_type").str.starts_with("PROMO")).sum()
    return (
        lineitem.filter(_from("l_shipdate", "1995-09-01", "1995-10-01"))
        .join(part, left_on="l_partkey", right_on="p_partkey")
        .select(promo_revenue=100 * promoted / REVENUE.sum())
    )


def q15(supplier: Any, lineitem: Any) -> Any:
    sums = (
        lineitem.filter(_from("l_shipdate", "1996-01-01", "1996-04-01"))
        .group_by("l_suppkey")
        .agg(total_revenue=REVENUE.sum())
    )
    return (
        supplier.join(sums, left_on="s_suppkey", right_on="l_suppkey")
        .filter(col("total_revenue") == col("total_revenue").max())
        .select("s_suppkey", "s_name", "s_address", "s_phone", "total_revenue")
        .sort("s_suppkey")
    )


def q16(supplier: Any, part: Any, partsupp: Any) -> Any:
    bad = supplier.filter(col("s_comment").str.contains("Customer.*Complaints"))
    keys = ["p_brand", "p_type", "p_size"]
    return (
        part.filter(
            col("p_brand") != "Brand#45",
            ~col("p_type").str.starts_with("MEDIUM POLISHED"),
            col("p_size").is_in([49, 14, 23, 45, 19, 3, 36, 9]),
        )
        .join(partsupp, left_on="p_partkey", right_on="ps_partkey")
        .join(bad, left_on="ps_suppkey", right_on="s_suppkey", how="anti")
        .group_by(keys)
        .agg(supplier_cnt=col("ps_suppkey").n_unique())
        .sort("supplier_cnt", *keys, descending=[True, False, False, False])
    )


def q17(part: Any, lineitem: Any) -> Any:
    rows = part.filter(col("p_brand") == "Brand#23", col("p_container") == "MED BOX").join(
        lineitem, left_on="p_partkey", right_on="l_partkey"
    )
    usual = rows.group_by("p_partkey").agg(usual=col("l_quantity").mean())
    return (
        rows.join(usual, on="p_partkey")
        .filter(col("l_quantity") < 0.2 * col("usual"))
        .select(avg_yearly=col("l_extendedprice").sum() / 7.0)
    )


def q18(customer: Any, orders: Any, lineitem: Any) -> Any:
    large = (
        lineitem.group_by("l_orderkey")
        .agg(quantity=col("l_quantity").sum())
        .filter(col("quantity") > 300)
    )
    labels = ["c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice", "quantity"]
    return (
        orders.join(large, left_on="o_orderkey", right_on="l_orderkey")
        .join(customer.rename({"c_custkey": "o_custkey"}), on="o_custkey")
        .rename({"o_custkey": "c_custkey"})
        .select(labels)
        .sort("o_totalprice", "o_orderdate", descending=[True, False])
        .head(100)
    )


def q19(part: Any, lineitem: Any) -> Any:
    def kind(brand: str, sizes: str, containers: list[str], least: int, largest: int) -> Any:
        return (
            (col("p_brand") == brand)
            & col("p_container").is_in([f"{sizes} {container}" for container in containers])
            & col("l_quantity").is_between(least, least + 10)
            & col("p_size").is_between(1, largest)
        )

    return (
        lineitem.filter(
            col("l_shipmode").is_in(["AIR", "AIR REG"]),
            col("l_shipinstruct") == "DELIVER IN PERSON",
        )
        .join(part, left_on="l_partkey", right_on="p_partkey")
        .filter(
            kind("Brand#12", "SM", ["CASE", "BOX", "PACK", "PKG"], 1, 5)
            | kind("Brand#23", "MED", ["BAG", "BOX", "PKG", "PACK"], 10, 10)
            | kind("Brand#34", "LG", ["CASE", "BOX", "PACK", "PKG"], 20, 15)
        )
        .select(revenue=REVENUE.sum())
    )


def q20(nation: Any, supplier: Any, part: Any, partsupp: Any, lineitem: Any) -> Any:
    sold = (
        lineitem.filter(_from("l_shipdate", "1994-01-01", "1995-01-01"))
        .group_by("l_partkey", "l_suppkey")
        .agg(sold=col("l_quantity").sum())
    )
    plenty = (
        partsupp.join(
            part.filter(col("p_name").str.starts_with("forest")),
            left_on="ps_partkey",
            right_on="p_partkey",
            how="semi",
        )
        .join(sold, left_on=["ps_partkey", "ps_suppkey"], right_on=["l_partkey", "l_suppkey"])
        .filter(col("ps_availqty") > 0.5 * col("sold"))
    )
    return (
        supplier.join(
            nation.filter(col("n_name") == "CANADA"),
            left_on="s_nationkey",
            right_on="n_nationkey",
        )
        .join(plenty, left_on="s_suppkey", right_on="ps_suppkey", how="semi")
        .select("s_name", "s_address")
        .sort("s_name")
    )


def q21(nation: Any, supplier: Any, orders: Any, lineitem: Any) -> Any:
    late = lineitem.filter(col("l_receiptdate") > col("l_commitdate"))
    several = _suppliers_of_orders(lineitem).filter(col("suppliers") > 1)
    one_late = _suppliers_of_orders(late).filter(col("suppliers") == 1)
    return (
        late.join(several, on="l_orderkey", how="semi")
        .join(one_late, on="l_orderkey", how="semi")
        .join(supplier, left_on="l_suppkey", right_on="s_suppkey")
        .join(
            nation.filter(col("n_name") == "SAUDI ARABIA"),
            left_on="s_nationkey",
            right_on="n_nationkey",
        )
        .join(
            orders.filter(col("o_orderstatus") == "F"),
            left_on="l_orderkey",
            right_on="o_orderkey",
        )
        .group_by("s_name")
        .agg(numwait=pl.len())
        .sort("numwait", "s_name", descending=[True, False])
        .head(100)
    )


def _suppliers_of_orders(lines: Any) -> Any:
    return lines.group_by("l_orderkey").agg(suppliers=col("l_suppkey").n_unique())


def q22(customer: Any, orders: Any) -> Any:
    rows = customer.with_columns(cntrycode=col("c_phone").str.slice(0, 2)).filter(
        col("cntrycode").is_in(["13", "31", "23", "29", "30", "18", "17"])
    )
    usual = rows.filter(col("c_acctbal") > 0).select(usual=col("c_acctbal").mean())
    return (
        rows.join(usual, how="cross")
        .filter(col("c_acctbal") > col("usual"))
        .join(orders, left_on="c_custkey", right_on="o_custkey", how="anti")
        .group_by("cntrycode")
        .agg(numcust=pl.len(), totacctbal=col("c_acctbal").sum())
        .sort("cntrycode")
    )
