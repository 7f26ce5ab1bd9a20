"""Confusion matrix and AUC by polars: lazy scans with the needed members only, both at once, joined, AUC from average ranks.

Tried and slower: one lazy query with the join in it, the in-memory engine, a group for each score, lines as text with json_decode.
"""
from common import Job

import polars as pl

CAPTURE = {
    "captureData": pl.Struct({"endpointOutput": pl.Struct({"data": pl.String})}),
    "eventMetadata": pl.Struct({"eventId": pl.String, "inferenceId": pl.String}),
}
LABEL = {"groundTruthData": pl.Struct({"data": pl.String}), "eventMetadata": pl.Struct({"eventId": pl.String})}


def scans(job):
    metadata = pl.col("eventMetadata").struct.field
    output = pl.col("captureData").struct.field("endpointOutput")
    captures = pl.scan_ndjson(job.captures + "/**/*.jsonl", schema=CAPTURE).select(
        id=pl.coalesce(metadata("inferenceId"), metadata("eventId")), score=output.struct.field("data").cast(pl.Float64))
    labels = pl.scan_ndjson(job.labels + "/**/*.jsonl", schema=LABEL).select(
        id=metadata("eventId"), label=pl.col("groundTruthData").struct.field("data").cast(pl.UInt8))
    return captures, labels


def main():
    job = Job()
    captures, labels = pl.collect_all(scans(job), engine="streaming")
    high, positive = pl.col("score") > 0.5, pl.col("label") == 1
    tn, fp, fn, tp, ranks = captures.join(labels, on="id").select(
        tn=(~high & ~positive).sum(), fp=(high & ~positive).sum(), fn=(~high & positive).sum(), tp=(high & positive).sum(),
        ranks=pl.col("score").rank("average").filter(positive).sum()).row(0)
    positives, negatives = fn + tp, tn + fp
    job.done((tn, fp, fn, tp), (ranks - positives * (positives + 1) / 2) / positives / negatives)


main()
