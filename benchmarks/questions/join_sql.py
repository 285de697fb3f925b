"""db-benchmark, join q1 to q5, as SQL."""

_MEDIUM = "y.id1 as id1_right, y.id4 as id4_right"

QUESTIONS = {
    "q1": "select x.*, y.id4 as id4_right, v2 from x join small y on x.id1 = y.id1",
    "q2": f"select x.*, {_MEDIUM}, y.id5 as id5_right, v2 from x join medium y on x.id2 = y.id2",
    "q3": f"""select x.*, {_MEDIUM}, y.id5 as id5_right, v2
              from x left join medium y on x.id2 = y.id2""",
    "q4": f"select x.*, {_MEDIUM}, y.id2 as id2_right, v2 from x join medium y on x.id5 = y.id5",
    "q5": f"""select x.*, {_MEDIUM}, y.id2 as id2_right, y.id5 as id5_right,
                     y.id6 as id6_right, v2
              from x join big y on x.id3 = y.id3""",
}
