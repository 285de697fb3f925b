"""TPC-H q1 to q22 by pandas' methods, with the specification's validation parameters.

Filters come first and joins go from small to large, as a user of pandas would write them; only
columns that a question needs are named in `reads`. q11's fraction of 0.0001 / scale is one over the
number of suppliers.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from shframe.benchmarks.questions.columns import reads
from shframe.benchmarks.questions.grouping import group


def _day(text: str) -> Any:
    return pd.Timestamp(text)


def _with_revenue(rows: Any) -> Any:
    return rows.assign(revenue=rows["l_extendedprice"] * (1 - rows["l_discount"]))


@reads(
    lineitem="l_returnflag l_linestatus l_shipdate l_quantity l_extendedprice l_discount l_tax",
)
def q1(lineitem: Any) -> Any:
    rows = lineitem[lineitem["l_shipdate"] <= _day("1998-09-02")]
    rows = rows.assign(disc_price=rows["l_extendedprice"] * (1 - rows["l_discount"]))
    rows = rows.assign(charge=rows["disc_price"] * (1 + rows["l_tax"]))
    return group(
        rows,
        ["l_returnflag", "l_linestatus"],
        sum_qty=("l_quantity", "sum"),
        sum_base_price=("l_extendedprice", "sum"),
        sum_disc_price=("disc_price", "sum"),
        sum_charge=("charge", "sum"),
        avg_qty=("l_quantity", "mean"),
        avg_price=("l_extendedprice", "mean"),
        avg_disc=("l_discount", "mean"),
        count_order=("l_quantity", "size"),
    )


@reads(
    region="r_regionkey r_name",
    nation="n_nationkey n_name n_regionkey",
    supplier="s_suppkey s_name s_address s_nationkey s_phone s_acctbal s_comment",
    part="p_partkey p_mfgr p_type p_size",
    partsupp="ps_partkey ps_suppkey ps_supplycost",
)
def q2(region: Any, nation: Any, supplier: Any, part: Any, partsupp: Any) -> Any:
    europe = region[region["r_name"] == "EUROPE"]
    nations = nation.merge(europe, left_on="n_regionkey", right_on="r_regionkey")
    suppliers = supplier.merge(nations, left_on="s_nationkey", right_on="n_nationkey")
    brass = part[(part["p_size"] == 15) & part["p_type"].str.endswith("BRASS")]
    offers = partsupp.merge(brass, left_on="ps_partkey", right_on="p_partkey")
    offers = offers.merge(suppliers, left_on="ps_suppkey", right_on="s_suppkey")
    lowest = group(offers, "p_partkey", lowest=("ps_supplycost", "min"))
    best = offers.merge(lowest, on="p_partkey")
    best = best[best["ps_supplycost"] == best["lowest"]]
    ordered = best.sort_values(
        ["s_acctbal", "n_name", "s_name", "p_partkey"], ascending=[False, True, True, True]
    ).head(100)
    labels = ["s_acctbal", "s_name", "n_name", "p_partkey", "p_mfgr", "s_address", "s_phone"]
    return ordered[[*labels, "s_comment"]]


@reads(
    customer="c_custkey c_mktsegment",
    orders="o_orderkey o_custkey o_orderdate o_shippriority",
    lineitem="l_orderkey l_shipdate l_extendedprice l_discount",
)
def q3(customer: Any, orders: Any, lineitem: Any) -> Any:
    building = customer[customer["c_mktsegment"] == "BUILDING"]
    early = orders[orders["o_orderdate"] < _day("1995-03-15")]
    late = lineitem[lineitem["l_shipdate"] > _day("1995-03-15")]
    rows = building.merge(early, left_on="c_custkey", right_on="o_custkey")
    rows = _with_revenue(rows.merge(late, left_on="o_orderkey", right_on="l_orderkey"))
    keys = ["l_orderkey", "o_orderdate", "o_shippriority"]
    found = group(rows, keys, revenue=("revenue", "sum"))
    return found.sort_values(["revenue", "o_orderdate"], ascending=[False, True]).head(10)


@reads(
    orders="o_orderkey o_orderdate o_orderpriority",
    lineitem="l_orderkey l_commitdate l_receiptdate",
)
def q4(orders: Any, lineitem: Any) -> Any:
    days = orders["o_orderdate"]
    quarter = orders[(days >= _day("1993-07-01")) & (days < _day("1993-10-01"))]
    late = lineitem[lineitem["l_commitdate"] < lineitem["l_receiptdate"]]
    rows = quarter[quarter["o_orderkey"].isin(late["l_orderkey"])]
    return group(rows, "o_orderpriority", order_count=("o_orderkey", "size"))


@reads(
    region="r_regionkey r_name",
    nation="n_nationkey n_name n_regionkey",
    supplier="s_suppkey s_nationkey",
    customer="c_custkey c_nationkey",
    orders="o_orderkey o_custkey o_orderdate",
    lineitem="l_orderkey l_suppkey l_extendedprice l_discount",
)
def q5(region: Any, nation: Any, supplier: Any, customer: Any, orders: Any, lineitem: Any) -> Any:
    asia = region[region["r_name"] == "ASIA"]
    days = orders["o_orderdate"]
    year = orders[(days >= _day("1994-01-01")) & (days < _day("1995-01-01"))]
    nations = nation.merge(asia, left_on="n_regionkey", right_on="r_regionkey")
    customers = customer.merge(nations, left_on="c_nationkey", right_on="n_nationkey")
    rows = year.merge(customers, left_on="o_custkey", right_on="c_custkey")
    rows = lineitem.merge(rows, left_on="l_orderkey", right_on="o_orderkey")
    rows = rows.merge(
        supplier, left_on=["l_suppkey", "c_nationkey"], right_on=["s_suppkey", "s_nationkey"]
    )
    found = group(_with_revenue(rows), "n_name", revenue=("revenue", "sum"))
    return found.sort_values("revenue", ascending=False)


@reads(lineitem="l_shipdate l_discount l_quantity l_extendedprice")
def q6(lineitem: Any) -> Any:
    days = lineitem["l_shipdate"]
    rows = lineitem[
        (days >= _day("1994-01-01"))
        & (days < _day("1995-01-01"))
        & (lineitem["l_discount"] >= 0.05)
        & (lineitem["l_discount"] <= 0.07)
        & (lineitem["l_quantity"] < 24)
    ]
    return (rows["l_extendedprice"] * rows["l_discount"]).sum()


@reads(
    nation="n_nationkey n_name",
    supplier="s_suppkey s_nationkey",
    customer="c_custkey c_nationkey",
    orders="o_orderkey o_custkey",
    lineitem="l_orderkey l_suppkey l_shipdate l_extendedprice l_discount",
)
def q7(nation: Any, supplier: Any, customer: Any, orders: Any, lineitem: Any) -> Any:
    both = nation[nation["n_name"].isin(["FRANCE", "GERMANY"])]
    sellers = both.rename(columns={"n_nationkey": "s_nationkey", "n_name": "supp_nation"})
    buyers = both.rename(columns={"n_nationkey": "c_nationkey", "n_name": "cust_nation"})
    days = lineitem["l_shipdate"]
    rows = lineitem[(days >= _day("1995-01-01")) & (days <= _day("1996-12-31"))]
    suppliers = supplier.merge(sellers, on="s_nationkey")
    customers = customer.merge(buyers, on="c_nationkey")
    placed = orders.merge(customers, left_on="o_custkey", right_on="c_custkey")
    rows = rows.merge(suppliers, left_on="l_suppkey", right_on="s_suppkey")
    rows = rows.merge(placed, left_on="l_orderkey", right_on="o_orderkey")
    rows = rows[rows["supp_nation"] != rows["cust_nation"]]
    rows = _with_revenue(rows.assign(l_year=rows["l_shipdate"].dt.year))
    keys = ["supp_nation", "cust_nation", "l_year"]
    return group(rows, keys, revenue=("revenue", "sum"))


@reads(
    region="r_regionkey r_name",
    nation="n_nationkey n_name n_regionkey",
    supplier="s_suppkey s_nationkey",
    customer="c_custkey c_nationkey",
    part="p_partkey p_type",
    orders="o_orderkey o_custkey o_orderdate",
    lineitem="l_orderkey l_partkey l_suppkey l_extendedprice l_discount",
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
    america = region[region["r_name"] == "AMERICA"]
    nations = nation[["n_nationkey", "n_regionkey"]].merge(
        america, left_on="n_regionkey", right_on="r_regionkey"
    )
    customers = customer.merge(nations, left_on="c_nationkey", right_on="n_nationkey")
    days = orders["o_orderdate"]
    years = orders[(days >= _day("1995-01-01")) & (days <= _day("1996-12-31"))]
    steel = part[part["p_type"] == "ECONOMY ANODIZED STEEL"]
    sellers = supplier.merge(
        nation[["n_nationkey", "n_name"]], left_on="s_nationkey", right_on="n_nationkey"
    )
    rows = lineitem.merge(steel, left_on="l_partkey", right_on="p_partkey")
    rows = rows.merge(years, left_on="l_orderkey", right_on="o_orderkey")
    rows = rows.merge(customers[["c_custkey"]], left_on="o_custkey", right_on="c_custkey")
    rows = rows.merge(sellers[["s_suppkey", "n_name"]], left_on="l_suppkey", right_on="s_suppkey")
    rows = _with_revenue(rows.assign(o_year=rows["o_orderdate"].dt.year))
    rows = rows.assign(brazil=rows["revenue"].where(rows["n_name"] == "BRAZIL", 0.0))
    sums = group(rows, "o_year", brazil=("brazil", "sum"), revenue=("revenue", "sum"))
    return sums.assign(mkt_share=sums["brazil"] / sums["revenue"])[["o_year", "mkt_share"]]


@reads(
    nation="n_nationkey n_name",
    supplier="s_suppkey s_nationkey",
    part="p_partkey p_name",
    partsupp="ps_partkey ps_suppkey ps_supplycost",
    orders="o_orderkey o_orderdate",
    lineitem="l_orderkey l_partkey l_suppkey l_quantity l_extendedprice l_discount",
)
def q9(nation: Any, supplier: Any, part: Any, partsupp: Any, orders: Any, lineitem: Any) -> Any:
    green = part[part["p_name"].str.contains("green", regex=False)][["p_partkey"]]
    offers = partsupp.merge(green, left_on="ps_partkey", right_on="p_partkey")
    sellers = supplier.merge(nation, left_on="s_nationkey", right_on="n_nationkey")
    offers = offers.merge(sellers, left_on="ps_suppkey", right_on="s_suppkey")
    rows = lineitem.merge(
        offers, left_on=["l_partkey", "l_suppkey"], right_on=["ps_partkey", "ps_suppkey"]
    )
    rows = rows.merge(orders, left_on="l_orderkey", right_on="o_orderkey")
    rows = _with_revenue(rows.assign(o_year=rows["o_orderdate"].dt.year))
    rows = rows.assign(amount=rows["revenue"] - rows["ps_supplycost"] * rows["l_quantity"])
    found = group(rows, ["n_name", "o_year"], sum_profit=("amount", "sum"))
    return found.sort_values(["n_name", "o_year"], ascending=[True, False])


@reads(
    nation="n_nationkey n_name",
    customer="c_custkey c_name c_acctbal c_address c_phone c_comment c_nationkey",
    orders="o_orderkey o_custkey o_orderdate",
    lineitem="l_orderkey l_returnflag l_extendedprice l_discount",
)
def q10(nation: Any, customer: Any, orders: Any, lineitem: Any) -> Any:
    days = orders["o_orderdate"]
    quarter = orders[(days >= _day("1993-10-01")) & (days < _day("1994-01-01"))]
    returned = lineitem[lineitem["l_returnflag"] == "R"]
    rows = quarter.merge(returned, left_on="o_orderkey", right_on="l_orderkey")
    sums = group(_with_revenue(rows), "o_custkey", revenue=("revenue", "sum"))
    first = sums.sort_values("revenue", ascending=False).head(20)
    found = first.merge(customer, left_on="o_custkey", right_on="c_custkey")
    found = found.merge(nation, left_on="c_nationkey", right_on="n_nationkey")
    labels = ["c_custkey", "c_name", "revenue", "c_acctbal", "n_name", "c_address", "c_phone"]
    return found[[*labels, "c_comment"]].sort_values("revenue", ascending=False)


@reads(
    nation="n_nationkey n_name",
    supplier="s_suppkey s_nationkey",
    partsupp="ps_partkey ps_suppkey ps_availqty ps_supplycost",
)
def q11(nation: Any, supplier: Any, partsupp: Any) -> Any:
    germany = nation[nation["n_name"] == "GERMANY"]
    sellers = supplier.merge(germany, left_on="s_nationkey", right_on="n_nationkey")
    rows = partsupp.merge(sellers, left_on="ps_suppkey", right_on="s_suppkey")
    rows = rows.assign(value=rows["ps_supplycost"] * rows["ps_availqty"])
    sums = group(rows, "ps_partkey", value=("value", "sum"))
    least = rows["value"].sum() / len(supplier)
    return sums[sums["value"] > least].sort_values("value", ascending=False)


@reads(
    orders="o_orderkey o_orderpriority",
    lineitem="l_orderkey l_shipmode l_shipdate l_commitdate l_receiptdate",
)
def q12(orders: Any, lineitem: Any) -> Any:
    arrived = lineitem["l_receiptdate"]
    rows = lineitem[
        lineitem["l_shipmode"].isin(["MAIL", "SHIP"])
        & (lineitem["l_commitdate"] < arrived)
        & (lineitem["l_shipdate"] < lineitem["l_commitdate"])
        & (arrived >= _day("1994-01-01"))
        & (arrived < _day("1995-01-01"))
    ]
    rows = rows.merge(orders, left_on="l_orderkey", right_on="o_orderkey")
    high = rows["o_orderpriority"].isin(["1-URGENT", "2-HIGH"])
    rows = rows.assign(high=high.astype("int64"), low=(~high).astype("int64"))
    return group(rows, "l_shipmode", high_line_count=("high", "sum"), low_line_count=("low", "sum"))


@reads(customer="c_custkey", orders="o_orderkey o_custkey o_comment")
def q13(customer: Any, orders: Any) -> Any:
    plain = orders[~orders["o_comment"].str.contains("special.*requests")]
    rows = customer.merge(plain, how="left", left_on="c_custkey", right_on="o_custkey")
    counts = group(rows, "c_custkey", c_count=("o_orderkey", "count"))
    found = group(counts, "c_count", custdist=("c_custkey", "size"))
    return found.sort_values(["custdist", "c_count"], ascending=[False, False])


@reads(part="p_partkey p_type", lineitem="l_partkey l_shipdate l_extendedprice l_discount")
def q14(part: Any, lineitem: Any) -> Any:
    days = lineitem["l_shipdate"]
    month = lineitem[(days >= _day("1995-09-01")) & (days < _day("1995-10-01"))]
    rows = _with_revenue(month.merge(part, left_on="l_partkey", right_on="p_partkey"))
    promoted = rows[rows["p_type"].str.startswith("PROMO")]
    return promoted["revenue"].sum() * 100 / rows["revenue"].sum()


@reads(
    supplier="s_suppkey s_name s_address s_phone",
    lineitem="l_suppkey l_shipdate l_extendedprice l_discount",
)
def q15(supplier: Any, lineitem: Any) -> Any:
    days = lineitem["l_shipdate"]
    quarter = _with_revenue(lineitem[(days >= _day("1996-01-01")) & (days < _day("1996-04-01"))])
    sums = group(quarter, "l_suppkey", total_revenue=("revenue", "sum"))
    best = sums[sums["total_revenue"] == sums["total_revenue"].max()]
    rows = supplier.merge(best, left_on="s_suppkey", right_on="l_suppkey")
    labels = ["s_suppkey", "s_name", "s_address", "s_phone", "total_revenue"]
    return rows[labels].sort_values("s_suppkey")


@reads(
    supplier="s_suppkey s_comment",
    part="p_partkey p_brand p_type p_size",
    partsupp="ps_partkey ps_suppkey",
)
def q16(supplier: Any, part: Any, partsupp: Any) -> Any:
    parts = part[
        (part["p_brand"] != "Brand#45")
        & ~part["p_type"].str.startswith("MEDIUM POLISHED")
        & part["p_size"].isin([49, 14, 23, 45, 19, 3, 36, 9])
    ]
    bad = supplier[supplier["s_comment"].str.contains("Customer.*Complaints")]
    offers = partsupp[~partsupp["ps_suppkey"].isin(bad["s_suppkey"])]
    rows = offers.merge(parts, left_on="ps_partkey", right_on="p_partkey")
    keys = ["p_brand", "p_type", "p_size"]
    found = group(rows, keys, supplier_cnt=("ps_suppkey", "nunique"))
    return found.sort_values(["supplier_cnt", *keys], ascending=[False, True, True, True])


@reads(
    part="p_partkey p_brand p_container",
    lineitem="l_partkey l_quantity l_extendedprice",
)
def q17(part: Any, lineitem: Any) -> Any:
    boxes = part[(part["p_brand"] == "Brand#23") & (part["p_container"] == "MED BOX")]
    rows = lineitem.merge(boxes, left_on="l_partkey", right_on="p_partkey")
    usual = group(rows, "p_partkey", usual=("l_quantity", "mean"))
    rows = rows.merge(usual, on="p_partkey")
    few = rows[rows["l_quantity"] < 0.2 * rows["usual"]]
    return few["l_extendedprice"].sum() / 7.0


@reads(
    customer="c_custkey c_name",
    orders="o_orderkey o_custkey o_orderdate o_totalprice",
    lineitem="l_orderkey l_quantity",
)
def q18(customer: Any, orders: Any, lineitem: Any) -> Any:
    sums = group(lineitem, "l_orderkey", quantity=("l_quantity", "sum"))
    large = sums[sums["quantity"] > 300]
    rows = orders.merge(large, left_on="o_orderkey", right_on="l_orderkey")
    rows = rows.merge(customer, left_on="o_custkey", right_on="c_custkey")
    labels = ["c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice", "quantity"]
    ordered = rows.sort_values(["o_totalprice", "o_orderdate"], ascending=[False, True])
    return ordered[labels].head(100)


@reads(
    part="p_partkey p_brand p_container p_size",
    lineitem="l_partkey l_quantity l_extendedprice l_discount l_shipmode l_shipinstruct",
)
def q19(part: Any, lineitem: Any) -> Any:
    by_air = lineitem[
        lineitem["l_shipmode"].isin(["AIR", "AIR REG"])
        & (lineitem["l_shipinstruct"] == "DELIVER IN PERSON")
    ]
    rows = by_air.merge(part, left_on="l_partkey", right_on="p_partkey")
    small = (
        (rows["p_brand"] == "Brand#12")
        & rows["p_container"].isin(["SM CASE", "SM BOX", "SM PACK", "SM PKG"])
        & rows["l_quantity"].between(1, 11)
        & rows["p_size"].between(1, 5)
    )
    medium = (
        (rows["p_brand"] == "Brand#23")
        & rows["p_container"].isin(["MED BAG", "MED BOX", "MED PKG", "MED PACK"])
        & rows["l_quantity"].between(10, 20)
        & rows["p_size"].between(1, 10)
    )
    large = (
        (rows["p_brand"] == "Brand#34")
        & rows["p_container"].isin(["LG CASE", "LG BOX", "LG PACK", "LG PKG"])
        & rows["l_quantity"].between(20, 30)
        & rows["p_size"].between(1, 15)
    )
    return _with_revenue(rows[small | medium | large])["revenue"].sum()


@reads(
    nation="n_nationkey n_name",
    supplier="s_suppkey s_name s_address s_nationkey",
    part="p_partkey p_name",
    partsupp="ps_partkey ps_suppkey ps_availqty",
    lineitem="l_partkey l_suppkey l_shipdate l_quantity",
)
def q20(nation: Any, supplier: Any, part: Any, partsupp: Any, lineitem: Any) -> Any:
    forest = part[part["p_name"].str.startswith("forest")]
    offers = partsupp[partsupp["ps_partkey"].isin(forest["p_partkey"])]
    days = lineitem["l_shipdate"]
    year = lineitem[(days >= _day("1994-01-01")) & (days < _day("1995-01-01"))]
    sold = group(year, ["l_partkey", "l_suppkey"], sold=("l_quantity", "sum"))
    rows = offers.merge(
        sold, left_on=["ps_partkey", "ps_suppkey"], right_on=["l_partkey", "l_suppkey"]
    )
    plenty = rows[rows["ps_availqty"] > 0.5 * rows["sold"]]
    canada = nation[nation["n_name"] == "CANADA"]
    sellers = supplier.merge(canada, left_on="s_nationkey", right_on="n_nationkey")
    found = sellers[sellers["s_suppkey"].isin(plenty["ps_suppkey"])]
    return found[["s_name", "s_address"]].sort_values("s_name")


@reads(
    nation="n_nationkey n_name",
    supplier="s_suppkey s_name s_nationkey",
    orders="o_orderkey o_orderstatus",
    lineitem="l_orderkey l_suppkey l_commitdate l_receiptdate",
)
def q21(nation: Any, supplier: Any, orders: Any, lineitem: Any) -> Any:
    late = lineitem[lineitem["l_receiptdate"] > lineitem["l_commitdate"]]
    several = _suppliers_of_orders(lineitem)
    one_late = _suppliers_of_orders(late)
    arabia = nation[nation["n_name"] == "SAUDI ARABIA"]
    sellers = supplier.merge(arabia, left_on="s_nationkey", right_on="n_nationkey")
    failed = orders[orders["o_orderstatus"] == "F"]
    rows = late.merge(sellers, left_on="l_suppkey", right_on="s_suppkey")
    rows = rows.merge(failed, left_on="l_orderkey", right_on="o_orderkey")
    rows = rows.merge(several[several["suppliers"] > 1][["l_orderkey"]], on="l_orderkey")
    rows = rows.merge(one_late[one_late["suppliers"] == 1][["l_orderkey"]], on="l_orderkey")
    found = group(rows, "s_name", numwait=("l_orderkey", "size"))
    return found.sort_values(["numwait", "s_name"], ascending=[False, True]).head(100)


def _suppliers_of_orders(lines: Any) -> Any:
    return group(lines, "l_orderkey", suppliers=("l_suppkey", "nunique"))


@reads(customer="c_custkey c_phone c_acctbal", orders="o_custkey")
def q22(customer: Any, orders: Any) -> Any:
    rows = customer.assign(cntrycode=customer["c_phone"].str.slice(0, 2))
    rows = rows[rows["cntrycode"].isin(["13", "31", "23", "29", "30", "18", "17"])]
    usual = rows[rows["c_acctbal"] > 0]["c_acctbal"].mean()
    rows = rows[(rows["c_acctbal"] > usual) & ~rows["c_custkey"].isin(orders["o_custkey"])]
    return group(rows, "cntrycode", numcust=("c_custkey", "size"), totacctbal=("c_acctbal", "sum"))
