"""Captures joined with labels as a pandas data frame (score, label), read in either of two ways.

loads   json.loads of each line: what people write, since pandas.read_json makes every feature of every record a Python object (and
        takes more than twice as long)
arrow   pandas.read_json with the pyarrow engine and its types: the fastest that pandas offers
"""
import json

import pandas as pd


def lines(paths):
    for path in paths:
        with open(path, "rb") as file:
            for line in file:
                yield json.loads(line)


def by_loads(job):
    captures = ((record["eventMetadata"].get("inferenceId") or record["eventMetadata"]["eventId"],
                 float(record["captureData"]["endpointOutput"]["data"])) for record in lines(job.capture_files()))
    labels = ((record["eventMetadata"]["eventId"], int(record["groundTruthData"]["data"])) for record in lines(job.label_files()))
    return pd.DataFrame(captures, columns=["id", "score"]), pd.DataFrame(labels, columns=["id", "label"])


def read_arrow(paths, pick):
    return pd.concat([pick(pd.read_json(path, lines=True, engine="pyarrow", dtype_backend="pyarrow")) for path in paths])


def by_arrow(job):
    captures = read_arrow(job.capture_files(), lambda frame: pd.DataFrame({
        "id": frame["eventMetadata"].struct.field("inferenceId"),
        "score": frame["captureData"].struct.field(["endpointOutput", "data"]).astype("double[pyarrow]")}))
    labels = read_arrow(job.label_files(), lambda frame: pd.DataFrame({
        "id": frame["eventMetadata"].struct.field("eventId"),
        "label": frame["groundTruthData"].struct.field("data").astype("int8[pyarrow]")}))
    return captures, labels


def matched(job, way):
    captures, labels = {"loads": by_loads, "arrow": by_arrow}[way](job)
    joined = captures.merge(labels, on="id")
    return pd.DataFrame({"score": joined["score"].to_numpy(dtype="float64"), "label": joined["label"].to_numpy(dtype="int64")})
