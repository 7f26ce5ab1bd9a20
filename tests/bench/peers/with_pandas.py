"""Confusion matrix and AUC by pandas and scikit-learn; the variant says how the records are read (frames.py)."""
from common import Job

from frames import matched
from sklearn.metrics import confusion_matrix, roc_auc_score


def main():
    job = Job()
    frame = matched(job, job.variant)
    cells = confusion_matrix(frame["label"], frame["score"] > 0.5).ravel()
    job.done(cells, roc_auc_score(frame["label"], frame["score"]))


main()
