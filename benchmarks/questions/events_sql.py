"""Questions about more events than the memory holds, as SQL."""

QUESTIONS = {
    "q1": "select kind, sum(price) as price from events group by kind",
    "q2": 'select "user", sum(price) as price from events group by "user"',
    "q3": "select item, sum(price) as price from events where score > 0.9 group by item",
    "q4": "select id, price from events order by price desc, id desc limit 1000",
    "q5": 'select count(distinct item) + count(distinct "user") as different from events',
}
