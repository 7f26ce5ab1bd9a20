"""Confusion matrix and AUC by PySpark on two cores of this machine; the variant says how.

mllib   as its manual has it, and SageMaker's own containers do: the join cached, BinaryClassificationEvaluator over all points
sql     tuned by hand: one query, AUC as the trapezoid over a running count
"""
import os
import sys

os.environ["PYSPARK_PYTHON"] = sys.executable

from common import Job  # noqa: E402

from pyspark.ml.evaluation import BinaryClassificationEvaluator  # noqa: E402
from pyspark.sql import SparkSession, Window  # noqa: E402
from pyspark.sql import functions as F  # noqa: E402

CAPTURE = "captureData STRUCT<endpointOutput: STRUCT<data: STRING>>, eventMetadata STRUCT<eventId: STRING, inferenceId: STRING>"
LABEL = "groundTruthData STRUCT<data: STRING>, eventMetadata STRUCT<eventId: STRING>"
SETTINGS = {
    "spark.driver.memory": "8g",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def start():
    builder = SparkSession.builder.master("local[2]")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def matched(session, job):
    def read(schema, folder):
        return session.read.schema(schema).option("recursiveFileLookup", "true").json(folder)

    captures = read(CAPTURE, job.captures).select(
        F.coalesce("eventMetadata.inferenceId", "eventMetadata.eventId").alias("id"),
        F.col("captureData.endpointOutput.data").cast("double").alias("score"))
    labels = read(LABEL, job.labels).select(
        F.col("eventMetadata.eventId").alias("id"), F.col("groundTruthData.data").cast("double").alias("label"))
    return captures.join(labels, "id").select("score", "label")


def by_mllib(frame):
    frame = frame.cache()
    rows = frame.groupBy("label", (F.col("score") > 0.5).alias("high")).count().collect()
    cells = {(int(row["label"]), row["high"]): row["count"] for row in rows}
    evaluator = BinaryClassificationEvaluator(rawPredictionCol="score", labelCol="label", numBins=0)
    return [cells.get(key, 0) for key in ((0, False), (0, True), (1, False), (1, True))], evaluator.evaluate(frame)


def by_sql(frame):
    points = frame.groupBy("score").agg(F.sum("label").alias("positives"), (F.count("*") - F.sum("label")).alias("negatives"))
    before = Window.orderBy("score").rowsBetween(Window.unboundedPreceding, -1)
    curve = points.withColumn("below", F.coalesce(F.sum("negatives").over(before), F.lit(0.0)))

    def count(column, condition):
        return F.sum(F.when(F.expr(condition), F.col(column)).otherwise(0))

    tn, fp, fn, tp, area = curve.select(
        count("negatives", "score <= 0.5"), count("negatives", "score > 0.5"), count("positives", "score <= 0.5"),
        count("positives", "score > 0.5"), F.sum(F.expr("positives * (below + negatives / 2)"))).first()
    return (tn, fp, fn, tp), area / (fn + tp) / (tn + fp)


def main():
    job = Job()
    session = start()
    job.done(*{"mllib": by_mllib, "sql": by_sql}[job.variant](matched(session, job)))
    session.stop()


main()
