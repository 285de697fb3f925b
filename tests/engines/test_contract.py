"""The contract of executors, the same as on this machine, on a real LocalCluster and a real Ray."""

from __future__ import annotations

from tests.graph.test_executors import (  # noqa: F401  # collected here, with our any_session
    test_an_exception_arrives_as_it_was_and_the_session_goes_on,
    test_any_graph_gives_what_plain_calls_give_however_it_is_sliced_and_again,
    test_data_go_in_by_reference,
    test_large_results_pass_between_tasks,
    test_progress_ends_at_all_tasks,
    test_the_trace_names_each_task_and_where_it_ran,
)
