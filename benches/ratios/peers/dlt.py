# The rows of a DuckDB table to an HTTP endpoint with dlt: a resource, and a destination of one's own, as dlt documents them.
# dlt.py DATABASE URL ROWS_A_REQUEST
import sys

import dlt
import duckdb
import requests
from dlt.common import json

database, url, at_once = sys.argv[1], sys.argv[2], int(sys.argv[3])
session = requests.Session()


@dlt.resource(name="rows", write_disposition="append")
def rows():
    result = duckdb.connect(database, read_only=True).execute("select * from rows")
    names = [column[0] for column in result.description]
    while batch := result.fetchmany(10_000):
        yield [dict(zip(names, row)) for row in batch]


@dlt.destination(batch_size=at_once, naming_convention="direct", skip_dlt_columns_and_tables=True)
def sink(items, table):
    answer = session.post(url, data=json.dumpb(items), headers={"content-type": "application/json"})
    answer.raise_for_status()


dlt.pipeline("bench", destination=sink, pipelines_dir="state").run(rows())
