"""Confusion matrix and AUC by DuckDB, in one statement, tuned by hand.

Only the members that are needed are declared, so that nothing else becomes a value; numbers are read as numbers at once. AUC is the
trapezoid over the running count of negatives, a point for each score. Tried and slower: ids as UUID, lines as text with
json_extract_string, a rank over all records.
"""
from common import Job

import duckdb

QUERY = """
WITH captures AS (
    SELECT coalesce(eventMetadata.inferenceId, eventMetadata.eventId) AS id, captureData.endpointOutput.data AS score
    FROM read_json('{captures}/**/*.jsonl', format = 'newline_delimited', columns = {{
        captureData: 'STRUCT(endpointOutput STRUCT(data DOUBLE))',
        eventMetadata: 'STRUCT(eventId VARCHAR, inferenceId VARCHAR)'}})
), labels AS (
    SELECT eventMetadata.eventId AS id, groundTruthData.data AS label
    FROM read_json('{labels}/**/*.jsonl', format = 'newline_delimited', columns = {{
        groundTruthData: 'STRUCT(data UTINYINT)', eventMetadata: 'STRUCT(eventId VARCHAR)'}})
), matched AS (
    SELECT score, label FROM captures JOIN labels USING (id)
), points AS (
    SELECT score, sum(label)::BIGINT AS positives, count(*) - sum(label)::BIGINT AS negatives FROM matched GROUP BY score
), curve AS (
    SELECT *, sum(negatives) OVER (ORDER BY score ROWS UNBOUNDED PRECEDING) - negatives AS below FROM points
)
SELECT
    sum(negatives) FILTER (score <= 0.5), sum(negatives) FILTER (score > 0.5),
    sum(positives) FILTER (score <= 0.5), sum(positives) FILTER (score > 0.5),
    sum(positives * (2 * below + negatives)) / 2 / sum(positives) / sum(negatives)
FROM curve
"""


def main():
    job = Job()
    connection = duckdb.connect(config={"preserve_insertion_order": False})
    *cells, auc = connection.execute(QUERY.format(captures=job.captures, labels=job.labels)).fetchone()
    job.done(cells, auc)


main()
