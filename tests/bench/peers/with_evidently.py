"""Evidently's report on the quality of a classification. `seconds` is the report alone, given the joined frame; the whole process
also reads the records, in the fastest way that pandas offers (frames.py).

Evidently counts a score of exactly the threshold as positive, so its threshold is the next number. Its confusion matrix is only in
the pictures; true positives and negatives follow exactly from its rates.
"""
import math
import os

os.environ["DO_NOT_TRACK"] = "1"

from common import Job  # noqa: E402

from evidently import BinaryClassification, DataDefinition, Dataset, Report  # noqa: E402
from evidently.presets import ClassificationQuality  # noqa: E402

from frames import matched  # noqa: E402

THRESHOLD = math.nextafter(0.5, 1)


def report(frame):
    """The report's metrics by their names."""
    roles = BinaryClassification(target="label", prediction_probas="score", pos_label=1)
    dataset = Dataset.from_pandas(frame, data_definition=DataDefinition(classification=[roles]))
    document = Report([ClassificationQuality(probas_threshold=THRESHOLD, include_tests=False)]).run(dataset).dict()
    return {metric["metric_name"].split("(")[0]: metric["value"] for metric in document["metrics"]}


def main():
    job = Job()
    frame = matched(job, "arrow")
    job.start()
    values = report(frame)
    positives = int(frame["label"].sum())
    negatives = len(frame) - positives
    tp, tn = round(values["TPR"] * positives), round(values["TNR"] * negatives)
    job.done((tn, negatives - tn, positives - tp, tp), values["RocAuc"])


main()
