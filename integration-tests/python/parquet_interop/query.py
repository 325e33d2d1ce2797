"""Reads a folder of Parquet files with DuckDB and with pyarrow, and prints what each finds, one JSON object a line."""

import json
import sys

import duckdb
import pyarrow.compute as compute
import pyarrow.dataset as dataset

FOLDER = sys.argv[1]


def by_duckdb():
    table = f"read_parquet('{FOLDER}/**/*.parquet', hive_partitioning = true)"

    def query(text):
        return duckdb.sql(text.replace("TABLE", table)).fetchall()

    return {
        "columns": [row[0] for row in query("DESCRIBE SELECT * FROM TABLE")],
        "spans": query("SELECT count(*) FROM TABLE")[0][0],
        "services": dict(query("SELECT ServiceName, count(*) FROM TABLE GROUP BY 1")),
        "failed": query("SELECT count(*) FROM TABLE WHERE StatusCode = 'Error'")[0][0],
        "nanos": int(query("SELECT sum(Duration) FROM TABLE")[0][0]),
        "first": query("SELECT min(epoch_ns(Timestamp)) FROM TABLE")[0][0],
        "events": query('SELECT sum(len("Events.Name")) FROM TABLE')[0][0],
        "links": query('SELECT sum(len("Links.SpanId")) FROM TABLE')[0][0],
        "routes": query("SELECT count(SpanAttributes['http.route']) FROM TABLE")[0][0],
        # Each trace is in one file, whose hour and bucket are columns.
        "split_traces": query(
            "SELECT count(*) FROM (SELECT TraceId FROM TABLE GROUP BY 1 HAVING count(DISTINCT (hour, bucket)) > 1)"
        )[0][0],
    }


def by_pyarrow():
    table = dataset.dataset(FOLDER, format="parquet", partitioning="hive").to_table()
    services = compute.value_counts(table["ServiceName"]).to_pylist()
    maps = table["SpanAttributes"].to_pylist()
    return {
        "columns": table.column_names,
        "spans": table.num_rows,
        "services": {row["values"]: row["counts"] for row in services},
        "failed": compute.sum(compute.equal(table["StatusCode"], "Error")).as_py(),
        "nanos": compute.sum(table["Duration"]).as_py(),
        "first": compute.min(table["Timestamp"].cast("int64")).as_py(),
        "events": compute.sum(compute.list_value_length(table["Events.Name"])).as_py(),
        "links": compute.sum(compute.list_value_length(table["Links.SpanId"])).as_py(),
        "routes": sum(1 for entries in maps if "http.route" in dict(entries)),
        "split_traces": len(
            [
                row
                for row in table.group_by("TraceId")
                .aggregate([("bucket", "count_distinct"), ("hour", "count_distinct")])
                .to_pylist()
                if row["bucket_count_distinct"] > 1 or row["hour_count_distinct"] > 1
            ]
        ),
    }


print(json.dumps(by_duckdb()))
print(json.dumps(by_pyarrow()))
