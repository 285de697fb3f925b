"""Reading, filtering and sorting files, as SQL."""

QUESTIONS = {
    "read_parquet": "select * from x",
    "read_csv": "select * from text",
    "group_csv": "select id1, sum(v1) as v1, avg(v3) as v3 from text group by id1",
    "filter_parquet": "select id1, id4, v3 from x where v1 > 3 and v3 < 10",
    "nunique": "select count(distinct id3) + count(distinct id6) as different from x",
    "sort": "select * from x order by id6, v3",
    "top": "select id6, v3 from x order by v3 desc, id6 desc limit 100",
}
